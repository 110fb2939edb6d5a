"""Has a workbook, or lines of JSON, made into CSV by a process that cannot do harm."""

import asyncio
import os
import sys
from pathlib import Path

from app.core.errors import FileUnreadable
from app.core.sheets import SECONDS, UNREADABLE

# Of the clock; the other process is given so many of the processor.
PATIENCE_SECONDS = SECONDS * 5
WORKBOOK = b"PK\x03\x04"


def kind_of(head: bytes) -> str:
    """What a file is, by how it begins.

    >>> [kind_of(head) for head in (b"PK\\x03\\x04…", b'{"id": 1}', b"id;name")]
    ['xlsx', 'ndjson', 'csv']
    """
    if head.startswith(WORKBOOK):
        return "xlsx"
    return "ndjson" if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") else "csv"


async def unpack(kind: str, source: Path, target: Path, decimal: str) -> None:
    """`FileUnreadable` says what is wrong with the file."""
    command = (sys.executable, "-m", "app.core.sheets", kind, source, target, decimal)
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    child = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | {"PYTHONPATH": path},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await asyncio.wait_for(child.communicate(), PATIENCE_SECONDS)
    except (TimeoutError, asyncio.CancelledError) as error:
        child.kill()
        await child.wait()
        if isinstance(error, TimeoutError):
            raise FileUnreadable("The file takes too long to be read.") from None
        raise
    if child.returncode == UNREADABLE:
        raise FileUnreadable(said.decode(errors="replace")[:500])
    if child.returncode != 0:
        raise FileUnreadable("The file is too large once it is unpacked; send it as CSV.")
