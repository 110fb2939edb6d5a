"""The orders in which a list of named resources can be read."""

from enum import StrEnum


class Sort(StrEnum):
    """`-` reverses; the id breaks ties."""

    NAME = "name"
    NAME_REVERSED = "-name"
    OLDEST = "created_at"
    NEWEST = "-created_at"
    LONGEST_UNCHANGED = "updated_at"
    LAST_CHANGED = "-updated_at"
