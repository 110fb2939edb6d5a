"""Opportunities as JSON, written from their columns: byte for byte as the ordinary way writes them.

A statement that writes JSON itself has thousands of steps to be set up each time; columns cost next
to nothing. What the rows do not say (which version, which milestone) never changes once published,
and is remembered. What is rare (a hold, criteria, a duplicate) is left to the statements of
`opportunity_bytes` that write all of it.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, NamedTuple
from uuid import UUID

from app.core.lane import WALL, Lane
from app.engine.currencies import DECIMALS
from app.schemas.attributes import written as attributes_written

_COLUMNS = (
    "id, name, process_id, version_id, account_id, owner_id, credits, value, currency, status,"
    " position, milestone_id, reached_at, clock_from, clock_held_days, held_since, held_until,"
    " ball, waiting_since, won_at, ordered_value, exited_at, exit_kind, exit_reason,"
    " business_type, business_subtype, attributes, external_close_date, external_probability,"
    " source, external_id, version, created_at, updated_at"
)
COLUMNS = ", ".join(f"opportunities.{name}" for name in _COLUMNS.split(", "))
_SECTION = f"""WITH {WALL}
SELECT found.* FROM wall CROSS JOIN LATERAL (
  SELECT v.number, m.key, EXISTS (
    SELECT FROM criteria c WHERE c.workspace_id = wall.workspace_id AND c.milestone_id = $3)
  FROM process_versions v
  LEFT JOIN milestones m ON m.workspace_id = wall.workspace_id AND m.id = CAST($3 AS uuid)
  WHERE v.workspace_id = wall.workspace_id AND v.id = CAST($2 AS uuid)
  OFFSET 0) found"""


class Section(NamedTuple):
    """Where a deal stands, as it was published."""

    version: int
    milestone: str | None
    has_criteria: bool


async def section_of(
    lane: Lane, workspace_id: UUID, version_id: UUID, milestone_id: UUID | None
) -> Section:
    place = (workspace_id, version_id, milestone_id)
    if (known := lane.remembered.get(place)) is not None:
        return known  # type: ignore[no-any-return]  # what was put there below
    row = await lane.row(_SECTION, *place)
    assert row is not None, "a deal has its version"
    lane.remember(place, found := Section(*row))
    return found


def rare(row: Sequence[Any], section: Section) -> bool:
    """Whether it shows something that its columns and its section do not say."""
    status, held_days, held_since, exit_kind = row[9], row[14], row[15], row[22]
    return (
        held_since is not None
        or held_days != 0
        or section.has_criteria
        or (status == "exited" and exit_kind == "duplicate")
    )


def written(
    row: Sequence[Any],
    section: Section,
    home: str,
    now: datetime,
    *,
    products: Sequence[UUID] = (),
    progress: str | None = None,
) -> str:
    """One that is not `rare`: `row` is its COLUMNS."""
    (
        id, name, process_id, _, account_id, owner_id, credits, value, currency, status, position,
        _, reached_at, clock_from, _, _, _, ball, waiting_since, won_at, ordered_value, exited_at,
        exit_kind, exit_reason, business_type, business_subtype, attributes, close_date,
        probability, source, external_id, version, created_at, updated_at,
    ) = row  # fmt: skip
    age = max(0, ((exited_at or won_at or now) - clock_from).days)
    milestone = _word(section.milestone) if position else "null"
    named = ",".join([f'"{each}"' for each in products]) if products else ""
    return (
        f'{{"id":"{id}","name":{encode_basestring(name)},"process_id":"{process_id}",'
        f'"process_version":{section.version},"account_id":{_word(account_id)},'
        f'"owner_id":{_word(owner_id)},"credits":{_shares(credits)},'
        f'"value":{_money(value, currency)},"status":"{status}","milestone":{milestone},'
        f'"milestone_position":{position},"reached_at":{_instant(reached_at)},'
        f'"age_days":{age},"section_progress":{_word(progress)},"held_until":null,"ball":{_word(ball)},'
        f'"waiting_since":{_instant(waiting_since)},"won_at":{_instant(won_at)},'
        f'"ordered_value":{_money(ordered_value, home)},"exited_at":{_instant(exited_at)},'
        f'"exit_kind":{_word(exit_kind)},"exit_reason":{_text(exit_reason)},"duplicate_of":null,'
        f'"business_type":{_word(business_type)},"business_subtype":{_word(business_subtype)},'
        f'"product_ids":[{named}],'
        f'"attributes":{attributes if attributes == "{}" else attributes_written(attributes)},'
        f'"external_close_date":{_word(close_date)},'
        f'"external_probability":{_plain(probability)},"source":{encode_basestring(source)},'
        f'"external_id":{_text(external_id)},"version":{version},'
        f'"created_at":{_instant(created_at)},"updated_at":{_instant(updated_at)}}}'
    )


def _word(said: object) -> str:
    """An id, a day, or a word of our own: nothing in it has to be escaped."""
    return "null" if said is None else f'"{said}"'


def _text(said: str | None) -> str:
    return "null" if said is None else encode_basestring(said)


def _instant(moment: datetime | None) -> str:
    """The driver gives UTC; microseconds only if there are any."""
    return "null" if moment is None else f'"{moment.isoformat()[:-6]}Z"'


def _money(amount: Decimal | None, currency: str | None) -> str:
    if amount is None or currency is None:
        return "null"
    return f'{{"amount":"{amount:.{DECIMALS.get(currency, 2)}f}","currency":"{currency}"}}'


def _plain(number: Decimal | None) -> str:
    return "null" if number is None else f'"{number.normalize():f}"'


def _shares(credits: str | None) -> str:
    if credits is None:
        return "null"
    shares = json.loads(credits)
    said = (f'{{"person_id":"{s["person_id"]}","percent":"{s["percent"]}"}}' for s in shares)
    return f"[{','.join(said)}]" if shares else "null"
