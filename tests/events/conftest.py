from tests.events.fixtures import loopback, patient, post_office

__all__ = ["loopback", "patient", "post_office"]
