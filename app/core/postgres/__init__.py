"""An embedded PostgreSQL under a small supervisor of our own, for whoever brings no server."""

from app.core.postgres.binaries import binaries
from app.core.postgres.errors import EmbeddedUnavailable, PostgresError
from app.core.postgres.server import Server, running

__all__ = ["EmbeddedUnavailable", "PostgresError", "Server", "binaries", "running"]
