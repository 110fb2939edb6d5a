"""What the world says and sees of an import."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import Currency, In, Listing, Out, Short, Source
from app.schemas.events import ExitKind, MilestoneKey


class ImportObject(StrEnum):
    OPPORTUNITIES = "opportunities"
    ACCOUNTS = "accounts"
    PRODUCTS = "products"
    PEOPLE = "people"
    EVENTS = "events"
    MATRIX = "matrix"


class ImportState(StrEnum):
    OPEN = "open"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PresetName(StrEnum):
    """Systems whose exports are known."""

    SALESFORCE = "salesforce"
    HUBSPOT = "hubspot"
    PIPEDRIVE = "pipedrive"
    DYNAMICS = "dynamics"
    ODOO = "odoo"


class ResultFile(StrEnum):
    SUCCESSFUL = "successful.csv"
    FAILED = "failed.csv"
    UNPROCESSED = "unprocessed.csv"


class StageIn(In):
    """What an opportunity in a stage of the other system has behind it: exactly one of these."""

    reached: Annotated[
        MilestoneKey | None, Field(description="The milestone whose act ended the stage before.")
    ] = None
    exit: Annotated[ExitKind | None, Field(description="Given up, and how.")] = None
    won: Literal[True] | None = None
    hold: Literal[True] | None = None
    before: Annotated[
        Literal[True] | None, Field(description="Created, and before the first milestone.")
    ] = None
    ignore: Annotated[Literal[True] | None, Field(description="Leave such rows out.")] = None
    reason: Annotated[Short | None, Field(description="Key of an exit reason, with `exit`.")] = None

    @model_validator(mode="after")
    def means_one_thing(self) -> Self:
        if len(self.meanings) != 1:
            raise PydanticCustomError(
                "one_meaning", "a stage is one of reached, exit, won, hold, before, ignore"
            )
        if self.reason is not None and self.exit is None:
            raise PydanticCustomError("reason_without_exit", "a reason belongs to an exit")
        return self

    @property
    def meanings(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True, exclude={"reason"})


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError(
            "unknown_time_zone", "'{name}' is not a time zone such as Europe/Berlin", {"name": name}
        ) from None
    return name


Cell = Annotated[str, Field(max_length=10_000)]
Header = Annotated[str, Field(min_length=1, max_length=200)]
TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]


class MappingIn(In):
    """How to read the file. What is left out is read as the defaults say or found out."""

    preset: Annotated[
        PresetName | None,
        Field(description="The system it was exported from; `columns` come before its own."),
    ] = None
    columns: Annotated[
        dict[Header, Header],
        Field(
            description="Column of the file → field. Empty: columns named like fields are taken.",
            examples=[{"Deal ID": "external_id", "Amount": "value"}],
        ),
    ] = Field(default_factory=dict)
    constants: Annotated[
        dict[Header, Cell], Field(description="Field → text that every row has there.")
    ] = Field(default_factory=dict)
    stages: dict[Cell, StageIn] = Field(default_factory=dict)
    locale: Annotated[Literal["en", "de"], Field(description="en: 1,234.56 · de: 1.234,56")] = "en"
    date_format: Annotated[
        Literal["iso", "us", "eu"],
        Field(description="iso: 2026-07-20 · us: 7/20/2026 · eu: 20.7.2026"),
    ] = "iso"
    timezone: Annotated[
        TimeZone | None,
        Field(description="Of times that name none. Default: the workspace's."),
    ] = None
    currency: Annotated[
        Currency | None, Field(description="Of amounts that name none. Default: the workspace's.")
    ] = None
    fix: Annotated[
        dict[Header, dict[Cell, Cell]],
        Field(
            description="Column → what stands there → what is meant; an empty text means nothing.",
            examples=[{"product": {"GTXPro": "GTX Pro"}, "amount": {"0": ""}}],
        ),
    ] = Field(default_factory=dict)
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    header_line: Annotated[
        int | None,
        Field(
            ge=1,
            le=1_000,
            description="The line the header stands in, of a sheet the row; what is above it is"
            " passed over. Default: the first one that is not blank.",
        ),
    ] = None
    encoding: Literal["utf-8", "cp1252"] | None = None


class ImportIn(In):
    object: ImportObject
    process_id: Annotated[
        str | None,
        Field(max_length=64, description="Id or key; opportunities and events need one."),
    ] = None
    source: Annotated[Source, Field(description="The system whose ids stand in the file.")]
    mapping: MappingIn = Field(default_factory=MappingIn)
    dry_run: Annotated[
        bool, Field(description="Do everything, report everything, keep nothing.")
    ] = False


class ProgressOut(Out):
    done: Annotated[int, Field(description="Of the work, counted in rows.")]
    total: int | None
    phase: str | None


class CountsOut(Out):
    read: int
    created: int
    updated: int
    unchanged: int
    held: int
    rejected: int


class DialectOut(Out):
    format: Literal["csv", "xlsx", "ndjson"]
    encoding: str
    delimiter: str
    header: list[str]


class PlaceholdersOut(Out):
    """What rows referred to and nobody had entered: made, to be filled in. The first hundred."""

    accounts: list[str]
    people: list[str]


class UndoneOut(Out):
    """What was undone for good, in one go or several."""

    at: Annotated[datetime, Field(description="When it last was.")]
    removed: dict[str, int]
    restored: dict[str, int]
    handed_on: dict[str, int]


class RevertOut(Out):
    """How far the undoing of an import is; numbers are there once it is completed."""

    state: Literal["queued", "completed", "failed"]
    dry_run: bool
    problem: Annotated[
        dict[str, Any] | None, Field(description="Why it went no further; nothing was undone.")
    ]
    removed: Annotated[
        dict[str, int] | None, Field(description="What it had made, by kind of object.")
    ]
    restored: Annotated[
        dict[str, int] | None, Field(description="What it had changed and is as before.")
    ]
    handed_on: Annotated[
        dict[str, int] | None,
        Field(
            description="What it had made and a later import speaks of as well: it stays, and is"
            " that one's from now on."
        ),
    ]
    left: Annotated[
        int | None, Field(description="What was touched since or is in use; see `/left`.")
    ]
    undone: Annotated[
        UndoneOut | None, Field(description="What real runs came to, whatever was asked since.")
    ]


class ImportOut(Out):
    id: UUID
    object: ImportObject
    process_id: UUID | None
    source: str
    mapping: dict[str, Any]
    dry_run: bool
    state: ImportState
    progress: ProgressOut
    counts: CountsOut
    dialect: Annotated[
        DialectOut | None, Field(description="How the file is read; known once it is there.")
    ]
    ignored_columns: list[str]
    placeholders: PlaceholdersOut
    notes: Annotated[
        dict[str, int],
        Field(description="How often something was read in a way worth knowing, by code."),
    ]
    reconciliation: Annotated[
        dict[str, Any] | None,
        Field(description="The file's own figures against the stored ones: `matches`."),
    ]
    problem: Annotated[
        dict[str, Any] | None, Field(description="Why the import as a whole failed.")
    ]
    chunks: Annotated[int | None, Field(description="Into how many it is cut; known once it runs.")]
    revert: Annotated[RevertOut | None, Field(description="Whether it is, or was, undone.")]
    size: Annotated[int | None, Field(description="Bytes of the file.")]
    sha256: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ImportQuery(Listing):
    object: ImportObject | None = None
    state: ImportState | None = None


class ImportProblemOut(Out):
    """One bad field of one row. Codes never change; details are for people."""

    line: int
    outcome: Literal["rejected", "held"]
    column: str | None
    code: str
    value: str | None
    detail: str


class ProblemQuery(Listing):
    outcome: Literal["rejected", "held"] | None = None


class RevertQuery(In):
    dry_run: Annotated[bool, Field(description="Do everything, report it, keep nothing.")] = False


class ImportPresetOut(Out):
    """How the exports of a system are read."""

    name: PresetName
    object: ImportObject
    columns: Annotated[
        dict[str, list[str]],
        Field(description="Field → columns that stand for it; the first that the file has."),
    ]
    note: str


class LeftQuery(Listing):
    pass


class ImportLeftOut(Out):
    """What undoing an import left as it is."""

    object: Literal["accounts", "opportunities", "people", "products"]
    object_id: UUID
    reason: Annotated[
        Literal["changed_since", "in_use", "no_way_back"],
        Field(
            description="changed_since: by somebody else · in_use: something that stays refers to"
            " it · no_way_back: what it was before is somebody else's by now, or is gone"
        ),
    ]


class HeldStageOut(Out):
    column: str
    stage: str
    rows: int
    first_line: int


class ImportHeldOut(Out):
    """What waits for a word about its stage."""

    stages: list[HeldStageOut]


class ReleaseIn(In):
    stages: Annotated[
        dict[Cell, StageIn],
        Field(min_length=1, description="Stage → meaning, as in the mapping; added to it."),
    ]
