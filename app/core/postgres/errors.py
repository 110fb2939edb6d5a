"""What may go wrong with the embedded database, each with the way out in its text."""


class PostgresError(Exception):
    """The embedded PostgreSQL cannot serve; the text says why and what to do."""


class EmbeddedUnavailable(PostgresError):
    """This machine cannot run the embedded PostgreSQL at all."""
