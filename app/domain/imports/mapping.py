"""From a mapping and a header to a plan: which field is read from where, and how."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.errors import ColumnMissing, Fault, Invalid
from app.core.work import Home
from app.domain.imports import presets
from app.domain.imports.fields import FIELDS, WIDE, Field, field_of, possible
from app.schemas.imports import ImportObject, MappingIn

# Each of these needs one of the fields named; beside the required ones.
EITHER: dict[ImportObject, tuple[str, ...]] = {
    ImportObject.PRODUCTS: ("key", "name"),
    ImportObject.EVENTS: ("milestone", "event", "stage"),
    ImportObject.MATRIX: ("product",),
}


# As many texts as fit into a row of a table, however short they are.
MOST_READ = 300


@dataclass(frozen=True, slots=True)
class Column:
    """A field and where its text comes from: a place in the row, or a constant."""

    number: int
    name: str
    field: Field
    place: int | None
    constant: str | None
    fix: dict[str, str]
    # Where else to look when this says nothing.
    more: tuple["Column", ...] = ()

    @property
    def cell(self) -> str:
        return f"f{self.number}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import does: which object from which source into which version, read how."""

    import_id: UUID
    object: ImportObject
    source: str
    process_id: UUID | None
    version_id: UUID | None
    columns: tuple[Column, ...]
    header: tuple[str, ...]
    ignored: tuple[str, ...]
    mapping: MappingIn
    zone: str
    currency: str

    @property
    def places(self) -> tuple[int, ...]:
        """Where in a row something stands that is read."""
        read = (each.place for column in self.columns for each in (column, *column.more))
        return tuple(place for place in read if place is not None) or (0,)

    def column(self, field: str) -> Column | None:
        return next((each for each in self.columns if each.field.name == field), None)

    def has(self, field: str) -> bool:
        return self.column(field) is not None

    def name(self, *fields: str) -> str:
        """What the first of these fields that is mapped is called in the file."""
        found = next((column for field in fields if (column := self.column(field))), None)
        return found.name if found else fields[0]


def check(object: ImportObject, mapping: MappingIn, milestones: Sequence[str]) -> None:
    """Refuse a mapping that cannot be meant, with all its faults: `Invalid`."""
    faults = [*_field_faults(object, mapping, milestones), *_stage_faults(mapping, milestones)]
    if mapping.preset is not None and presets.preset_of(mapping, object) is None:
        detail = f"there is no preset for {object.value} of {mapping.preset.value}"
        faults.append({"pointer": "/mapping/preset", "code": "unknown_preset", "detail": detail})
    if not faults and mapping.columns and mapping.preset is None:
        faults = list(_lacks(object, {*mapping.columns.values(), *mapping.constants}))
    if faults:
        raise Invalid(faults[0]["detail"], faults=faults)


def plan(
    job: Row[Any], version: Row[Any] | None, header: Sequence[str], keys: Sequence[str], home: Home
) -> Plan:
    """Bind the mapping of an import to the header of its file.

    `version` is the process version in force and `keys` are its milestones'. Without `columns`,
    those named like fields are taken. `ColumnMissing` names every column that is not there.
    """
    object, mapping = ImportObject(job.object), MappingIn.model_validate(job.mapping)
    check(object, mapping, keys)
    wanted = _wanted(object, mapping, header, keys)
    _present(object, mapping, wanted, header)
    if len(wanted) > MOST_READ:
        detail = f"{len(wanted)} columns are to be read, at most {MOST_READ} can be; map fewer."
        raise Invalid.at("/mapping/columns", "too_many", detail)
    return Plan(
        import_id=job.id,
        object=object,
        source=job.source,
        process_id=job.process_id,
        version_id=version.id if version else None,
        columns=tuple(_columns(object, mapping, wanted, header, keys)),
        header=tuple(header),
        ignored=tuple(name for name in header if name not in wanted),
        mapping=mapping,
        zone=mapping.timezone or home.time_zone,
        currency=mapping.currency or home.currency,
    )


def _wanted(
    object: ImportObject, mapping: MappingIn, header: Sequence[str], keys: Sequence[str]
) -> dict[str, str]:
    """Column of the file → field."""
    preset = presets.preset_of(mapping, object)
    if preset is None:
        return mapping.columns or _named_like(object, header, keys)
    return mapping.columns | dict(presets.columns(preset, mapping, header))


def _named_like(object: ImportObject, header: Sequence[str], keys: Sequence[str]) -> dict[str, str]:
    """The columns that are named like fields, and which those are."""
    found = ((name, field_of(object, name, keys)) for name in header)
    return {name: field.name for name, field in found if field is not None}


def _columns(
    object: ImportObject,
    mapping: MappingIn,
    wanted: dict[str, str],
    header: Sequence[str],
    keys: Sequence[str],
) -> Iterator[Column]:
    sources: list[tuple[str, str, int | None, str | None]] = [
        *((name, field, list(header).index(name), None) for name, field in wanted.items()),
        *((name, name, None, constant) for name, constant in mapping.constants.items()),
    ]
    preset = presets.preset_of(mapping, object)
    words = preset.words if preset else {}
    found: dict[str, Column] = {}
    for number, (name, field_name, place, constant) in enumerate(sources):
        field = field_of(object, field_name, keys)
        assert field is not None  # `check` came before
        fix = {**words.get(name, {}), **mapping.fix.get(name, {})}
        column = Column(number, name, field, place, constant, fix)
        first = found.get(field_name)
        found[field_name] = replace(first, more=(*first.more, column)) if first else column
    yield from found.values()


def _field_faults(
    object: ImportObject, mapping: MappingIn, milestones: Sequence[str]
) -> Iterator[Fault]:
    named = [
        *((f"/mapping/columns/{_escaped(name)}", field) for name, field in mapping.columns.items()),
        *((f"/mapping/constants/{_escaped(field)}", field) for field in mapping.constants),
    ]
    seen = Counter(field for _, field in named)
    for pointer, field in named:
        if field_of(object, field, milestones) is None:
            known = ", ".join(possible(object, milestones))
            detail = f"{object.value} have no field {field!r}; they have {known}"
            yield {"pointer": pointer, "code": "unknown_field", "detail": detail}
        elif seen[field] > 1:
            detail = f"{field!r} can come from one column"
            yield {"pointer": pointer, "code": "field_twice", "detail": detail}


def _stage_faults(mapping: MappingIn, milestones: Sequence[str]) -> Iterator[Fault]:
    for stage, meaning in mapping.stages.items():
        if meaning.reached is not None and meaning.reached not in milestones:
            known = ", ".join(milestones)
            yield {
                "pointer": f"/mapping/stages/{_escaped(stage)}/reached",
                "code": "unknown_milestone",
                "detail": f"the process has no milestone {meaning.reached!r}; it has {known}",
            }


def _lacks(object: ImportObject, fields: set[str]) -> Iterator[Fault]:
    required = [field.name for field in FIELDS[object] if field.required]
    for name in required:
        if name not in fields:
            detail = f"{object.value} need a column for {name!r}"
            yield {"pointer": "/mapping/columns", "code": "missing", "detail": detail}
    either = EITHER.get(object, ())
    wide = object in WIDE and any(name.startswith(WIDE[object][0]) for name in fields)
    if either and not fields & set(either) and not wide:
        detail = f"{object.value} need a column for one of {', '.join(either)}"
        yield {"pointer": "/mapping/columns", "code": "missing", "detail": detail}


def _present(
    object: ImportObject, mapping: MappingIn, wanted: dict[str, str], header: Sequence[str]
) -> None:
    absent = [name for name in [*wanted, *mapping.fix] if name not in header]
    if absent:
        names = ", ".join(dict.fromkeys(absent))
        raise ColumnMissing(f"The file has no column {names}; it has {', '.join(header)}.")
    lacking = list(_lacks(object, {*wanted.values(), *mapping.constants}))
    if lacking:
        raise ColumnMissing(
            f"{lacking[0]['detail']}; map one of {', '.join(header)}. If these are no names of"
            " columns, say in `header_line` where the header stands."
        )
    twice = [name for name, count in Counter(header).items() if count > 1 and name in wanted]
    if twice:
        raise ColumnMissing(f"The file has more than one column {', '.join(twice)}.")


def _escaped(step: str) -> str:
    """JSON pointer, RFC 6901."""
    return step.replace("~", "~0").replace("/", "~1")
