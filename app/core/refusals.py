"""What the database refuses, said as a problem: constraint names and SQLSTATEs, in one place."""

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core.errors import (
    Conflict,
    DatabaseUnavailable,
    ExternalIdTaken,
    InUse,
    Invalid,
    KeyTaken,
    LockTimeout,
    NotFound,
    Problem,
    QueryTimeout,
    StorageFull,
)

CONSTRAINTS: dict[str, tuple[type[Problem], str]] = {
    "processes_key_key": (KeyTaken, "Another process has this key."),
    "products_key_key": (KeyTaken, "Another product has this key."),
    "sources_key_key": (KeyTaken, "Another source has this key."),
    "sources_account_of_partner_check": (Invalid, "Only a partner has an account behind it."),
    "source_costs_workspace_id_corrects_id_key": (
        Conflict,
        "This cost was corrected already; correct the correction.",
    ),
    "people_email_key": (KeyTaken, "Another person has this e-mail address."),
    "identities_subject_key": (Conflict, "This subject of this issuer is somebody already."),
    "targets_subject_key": (
        Conflict,
        "There is a target for this scope, business type and recurrence from this period on;"
        " change that one.",
    ),
    "accounts_merged_is_gone_check": (
        Conflict,
        "It was merged into another account; undo the merge instead.",
    ),
    "account_merge_undos_pk": (Conflict, "This merge was undone already."),
    "distinct_accounts_pair_key": (Conflict, "It was said of this pair already."),
    "distinct_opportunities_pair_key": (Conflict, "It was said of this pair already."),
    "teams_parent_is_another_check": (Invalid, "A team cannot be its own parent."),
    "accounts_parent_is_another_check": (Invalid, "An account cannot be its own parent."),
}
SUFFIXES: tuple[tuple[str, type[Problem], str], ...] = (
    ("_external_id_key", ExternalIdTaken, "This source already has an object with this id."),
)
STATES: dict[str, tuple[type[Problem], str]] = {
    "23503": (NotFound, "Something this refers to does not exist here."),
    "23505": (Conflict, "There is one like it already."),
    "23514": (Invalid, "A value is outside of what the database allows."),
    "22021": (Invalid, "Text must not contain the character NUL."),
    "22P05": (Invalid, "Text must not contain the character NUL."),
    "22000": (Invalid, "A value cannot be stored: out of range or not valid text."),
    "22003": (Invalid, "A number is out of range."),
    "22008": (Invalid, "A date is out of range."),
    # Not before the request was repeated a few times: see `app/api/finish.py`.
    "40001": (DatabaseUnavailable, "Changes kept meeting each other; try again."),
    "40P01": (DatabaseUnavailable, "Changes kept meeting each other; try again."),
    "25006": (DatabaseUnavailable, "The database takes no changes right now; try again."),
    "55P03": (LockTimeout, "Somebody else is changing the same thing; try again."),
    "57014": (QueryTimeout, "The database stopped the question after its time limit."),
    "53100": (StorageFull, "The database has no room left."),
    "53300": (DatabaseUnavailable, "The database takes no more connections; try again."),
}
AWAY = "The database cannot be reached right now; try again."
UNKNOWN = (
    "The database was lost while it was storing. Send it again with the same Idempotency-Key;"
    " without one, first read what is there."
)
# A database that is away, as the libraries let it through: what the operating system said (that
# includes a time limit of the driver), the pool, the driver in the middle of something.
LOST = (OSError, PoolTimeout, asyncpg.InternalClientError, asyncpg.InterfaceError)
# Two transactions met, and one had to yield; or a migration changed what a prepared statement gives
# back, as the driver now knows. Nothing was done, and the request may simply be repeated.
MET = ("40001", "40P01", "0A000")
READ_ONLY = "25006"

# SQLSTATEs of a server that ends, starts, or has no room for another session.
GONE = ("08", "57P", "53")


def problem_of(error: Exception) -> Problem | None:
    """The problem behind a refusal of the database, as SQLAlchemy or (during COPY) the driver
    raises it; None when it is our own fault (a 500)."""
    if getattr(error, "connection_invalidated", False):
        return DatabaseUnavailable(AWAY)
    cause, state = _cause(error), state_of(error)
    name = str(getattr(cause, "constraint_name", None) or "")
    known = _named(name) or (_still_used(state, cause)) or STATES.get(state)
    if known is not None:
        kind, detail = known
        return kind(detail)
    return DatabaseUnavailable(AWAY) if state.startswith(GONE) else None


def state_of(error: Exception) -> str:
    """The SQLSTATE of a refusal; empty where the server said nothing."""
    said = (
        getattr(each, "sqlstate", None) for each in (getattr(error, "orig", None), _cause(error))
    )
    return next((str(state) for state in said if state), "")


def _cause(error: Exception) -> object:
    """What the driver raised."""
    if isinstance(error, DBAPIError):
        return getattr(error.orig, "__cause__", None)
    return error if isinstance(error, asyncpg.PostgresError) else None


def undecided(error: Exception) -> bool:
    """Whether a COMMIT that ended with this may have been done all the same."""
    if not isinstance(error, DBAPIError):
        return True
    return error.connection_invalidated or state_of(error).startswith(("08", "57P"))


def _named(name: str) -> tuple[type[Problem], str] | None:
    if name in CONSTRAINTS:
        return CONSTRAINTS[name]
    return next(((kind, text) for suffix, kind, text in SUFFIXES if name.endswith(suffix)), None)


def _still_used(state: str, cause: object) -> tuple[type[Problem], str] | None:
    """A foreign key is broken from two sides; only the message tells which."""
    if state == "23503" and "still referenced" in str(getattr(cause, "detail", "")):
        return InUse, "Something else still refers to it."
    return None
