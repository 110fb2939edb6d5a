"""The uploaded file: stored in parts as it comes, given back in parts as they are asked for."""

import codecs
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.database import workspace_transaction
from app.core.errors import FileUnreadable, ImportState, NotFound, Problem
from app.domain.imports.dialect import Dialect, dialect_of
from app.schemas.imports import MappingIn
from app.tables import Import, ImportPart

PART = 1024 * 1024
# A header longer than this is no header.
HEAD = 256 * 1024


@dataclass(slots=True)
class Content:
    """What is learnt of a file while it goes by."""

    size: int = 0
    lines: int = 0
    head: bytes = b""
    is_utf8: bool = True
    digest: Any = field(default_factory=sha256)
    _decoder: Any = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def see(self, part: bytes) -> None:
        self.size += len(part)
        self.lines += part.count(b"\n")
        self.digest.update(part)
        if len(self.head) < HEAD:
            self.head += part[: HEAD - len(self.head)]
        self._decode(part, final=False)

    def end(self) -> None:
        self._decode(b"", final=True)

    def _decode(self, part: bytes, *, final: bool) -> None:
        if self.is_utf8:
            try:
                self._decoder.decode(part, final)
            except UnicodeDecodeError:
                self.is_utf8 = False


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
        await db.execute(
            delete(ImportPart).where(
                ImportPart.workspace_id == workspace_id, ImportPart.import_id == id
            )
        )


async def _finish(engine: AsyncEngine, workspace_id: UUID, id: UUID, content: Content) -> None:
    async with workspace_transaction(engine, workspace_id) as db:
        row = await _row(db, workspace_id, id)
        report: dict[str, Any] = {"lines": content.lines}
        mapping = MappingIn.model_validate(row.mapping)
        found = _dialect(content, mapping)
        if isinstance(found, Dialect):
            report["dialect"] = found.stored()
        else:
            report["unreadable"] = found.body()
        await _set(
            db,
            workspace_id,
            id,
            size=content.size,
            sha256=content.digest.hexdigest(),
            report=report,
        )


def _dialect(content: Content, mapping: MappingIn) -> Dialect | Problem:
    """A file that has no header is stored all the same; the import says so when it is started."""
    try:
        return dialect_of(
            content.head,
            is_utf8=content.is_utf8,
            delimiter=mapping.delimiter,
            encoding=mapping.encoding,
        )
    except FileUnreadable as problem:
        return problem


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
