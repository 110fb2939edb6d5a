"""Imported before anything else of the tests, and so before what it is to hold for."""

from tests.start import keep_compiled, pile_up

keep_compiled()
pile_up()
