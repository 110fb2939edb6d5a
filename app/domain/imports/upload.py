"""The uploaded file: stored in parts as it comes, given back in parts as they are asked for."""

import asyncio
import codecs
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from sqlalchemy import Delete, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.database import workspace_transaction
from app.core.errors import EncodingWrong, FileUnreadable, ImportState, NotFound
from app.core.unpacking import kind_of, unpack
from app.core.work import Work
from app.domain.imports import foreign
from app.domain.imports.dialect import dialect_of, unpacked
from app.schemas.imports import MappingIn
from app.tables import Import, ImportPart

PART = 1024 * 1024
# A header longer than this is no header.
HEAD = 256 * 1024
# So many bytes that belong to longer characters are no accident.
MANY = 4


@dataclass(slots=True)
class Content:
    """What is learnt of a file while it goes by."""

    size: int = 0
    lines: int = 0
    head: bytes = b""
    is_utf8: bool = True
    # The line of the first byte that is not UTF-8, in a file that is UTF-8 for long before.
    broken_in: int = 0
    digest: Any = field(default_factory=sha256)
    _decoder: Any = field(default_factory=codecs.getincrementaldecoder("utf-8"))
    _accented: int = 0

    def see(self, part: bytes) -> None:
        self.size += len(part)
        self.digest.update(part)
        if len(self.head) < HEAD:
            self.head += part[: HEAD - len(self.head)]
        self._decode(part, final=False)
        self.lines += part.count(b"\n")

    def end(self) -> None:
        self._decode(b"", final=True)

    def _decode(self, part: bytes, *, final: bool) -> None:
        """Text of Windows-1252 breaks at its first letter with an accent; UTF-8 with a byte that
        was damaged does not, and must not be read as if it were the former."""
        if not self.is_utf8:
            return
        try:
            text = self._decoder.decode(part, final)
        except UnicodeDecodeError as error:
            self.is_utf8 = False
            sound = error.object[: error.start]
            accented = self._accented + len(sound) - len(sound.decode())
            if accented >= MANY:
                self.broken_in = 1 + self.lines + sound.count(b"\n")
        else:
            self._accented += len(part) - len(text)


async def store(
    engine: AsyncEngine, workspace_id: UUID, id: UUID, stream: AsyncIterator[bytes]
) -> None:
    """Keep the file of an import that is still open; an earlier file is replaced.

    Every part is a transaction of its own: a slow sender holds no connection. Until the last one
    the import has no file (`size` is null) and cannot be started.
    """
    await _clear(engine, workspace_id, id)
    content = Content()
    number = 0
    async for part in _cut(stream):
        content.see(part)
        async with workspace_transaction(engine, workspace_id) as db:
            row = {"workspace_id": workspace_id, "import_id": id, "number": number}
            await db.execute(insert(ImportPart).values(**row, content=part))
        number += 1
    content.end()
    await _finish(engine, workspace_id, id, content)


async def parts(engine: AsyncEngine, workspace_id: UUID, id: UUID) -> AsyncIterator[bytes]:
    """The stored file, part by part; no connection is held between two of them."""
    number = 0
    while True:
        query = select(ImportPart.content).where(
            ImportPart.workspace_id == workspace_id,
            ImportPart.import_id == id,
            ImportPart.number == number,
        )
        async with workspace_transaction(engine, workspace_id) as db:
            part = await db.scalar(query)
        if part is None:
            return
        yield part
        number += 1


async def ask_for(work: Work, id: UUID) -> None:
    """`ImportState` where the file was taken away, as that of an import that ended long ago is."""
    own = (ImportPart.workspace_id == work.workspace_id, ImportPart.import_id == id)
    if await work.db.scalar(select(ImportPart.number).where(*own).limit(1)) is None:
        raise ImportState("Its file was kept for long, and is gone: make another import of it.")


async def _cut(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    kept = bytearray()
    async for piece in stream:
        kept += piece
        while len(kept) >= PART:
            yield bytes(kept[:PART])
            del kept[:PART]
    if kept:
        yield bytes(kept)


async def _clear(engine: AsyncEngine, workspace_id: UUID, id: UUID) -> None:
    async with workspace_transaction(engine, workspace_id) as db:
        await _set(db, workspace_id, id, size=None, sha256=None, report={})
        await db.execute(_forgotten(workspace_id, id))


async def _finish(engine: AsyncEngine, workspace_id: UUID, id: UUID, content: Content) -> None:
    async with workspace_transaction(engine, workspace_id) as db:
        mapping = MappingIn.model_validate((await _row(db, workspace_id, id)).mapping)
    format = kind_of(content.head)
    if format == "csv":
        report = _report(content, mapping, format)
    else:
        report = await _unpack(engine, workspace_id, id, format, mapping)
    told = {"size": content.size, "sha256": content.digest.hexdigest(), "report": report}
    async with workspace_transaction(engine, workspace_id) as db:
        await _set(db, workspace_id, id, **told)


async def _unpack(
    engine: AsyncEngine, workspace_id: UUID, id: UUID, format: str, mapping: MappingIn
) -> dict[str, Any]:
    """Keep the rows of a workbook, or of lines of JSON, as CSV in the place of the file."""
    with TemporaryDirectory(prefix="backcast-") as folder:
        source, target = Path(folder, "source"), Path(folder, "rows.csv")
        file = await asyncio.to_thread(source.open, "wb")
        with file:
            async for part in parts(engine, workspace_id, id):
                file.write(part)
        try:
            await unpack(format, source, target, "," if mapping.locale == "de" else ".")
        except FileUnreadable as problem:
            return {"unreadable": problem.body(), "lines": 0}
        rows = Content()
        async with workspace_transaction(engine, workspace_id) as db:
            await db.execute(_forgotten(workspace_id, id))
            row = {"workspace_id": workspace_id, "import_id": id}
            for number, part in enumerate(_pieces(target)):
                rows.see(part)
                await db.execute(insert(ImportPart).values(**row, number=number, content=part))
        rows.end()
    return _report(rows, mapping, format) | {"digest": rows.digest.hexdigest()}


def _pieces(target: Path) -> Iterator[bytes]:
    with target.open("rb") as file:
        while part := file.read(PART):
            yield part


def _report(content: Content, mapping: MappingIn, format: str) -> dict[str, Any]:
    """A file that has no header is stored all the same; the import says so when it is started."""
    try:
        if format == "csv":
            foreign.refuse(content.head)
            if content.broken_in and mapping.encoding is None:
                raise EncodingWrong(
                    f"The file is UTF-8 up to line {content.broken_in}, which is not; mend that"
                    " line, or state the `encoding` of the whole."
                )
            found = dialect_of(
                content.head,
                is_utf8=content.is_utf8,
                delimiter=mapping.delimiter,
                encoding=mapping.encoding,
                header_line=mapping.header_line,
            )
        else:
            found = unpacked(content.head, format, mapping.header_line)
    except FileUnreadable as problem:
        return {"lines": content.lines, "unreadable": problem.body()}
    return {"lines": content.lines, "dialect": found.stored()}


def _forgotten(workspace_id: UUID, id: UUID) -> Delete:
    return delete(ImportPart).where(
        ImportPart.workspace_id == workspace_id, ImportPart.import_id == id
    )


async def _row(db: AsyncConnection, workspace_id: UUID, id: UUID) -> Any:
    query = select(Import).where(Import.workspace_id == workspace_id, Import.id == id)
    row = (await db.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"There is no import {id}.")
    return row


async def _set(db: AsyncConnection, workspace_id: UUID, id: UUID, **values: Any) -> None:
    changed = update(Import).where(
        Import.workspace_id == workspace_id, Import.id == id, Import.state == "open"
    )
    if (await db.execute(changed.values(**values))).rowcount == 0:
        row = await _row(db, workspace_id, id)
        raise ImportState(f"The import is {row.state}; make another one for another file.")
