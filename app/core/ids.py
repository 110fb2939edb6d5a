"""Ids that sort by the time they were made (UUID version 7, RFC 9562)."""

import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last = 0

# The same in SQL, for rows that the database makes by itself; works on every PostgreSQL ≥ 16.
UUID7_SQL = (
    "encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing substring(int8send("
    "(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1),"
    " 'hex')::uuid"
)


def uuid7() -> UUID:
    """A new id, greater than every one this process made before.

    48 bits of milliseconds and 12 bits of their fraction lead; the fraction counts up when two
    ids fall into the same instant.
    """
    global _last  # noqa: PLW0603 - the one counter of the process
    with _lock:
        now = time.time_ns() * 4096 // 1_000_000
        _last = max(now, _last + 1)
        moment = _last
    milliseconds, fraction = moment >> 12, moment & 0xFFF
    return UUID(
        int=(milliseconds << 80)
        | (0x7 << 76)
        | (fraction << 64)
        | (0b10 << 62)
        | (int.from_bytes(os.urandom(8)) >> 2)
    )
