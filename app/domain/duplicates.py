"""Which accounts may be one, and which open opportunities of an account.

Nobody is compared with everybody. Those that share a key (the name without its spelling, the web
domain, the VAT id, the postcode with how the name begins) stand in a row by age, and each is
compared with the next few: small groups whole, large ones in a stretch. So the work grows with the
number of accounts, not with its square, and a web domain of a thousand companies drowns nobody.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Numeric, Row, Text, Uuid, column, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.duplicate_reasons import duplicate_text
from app.core.page import Key, Order, page
from app.core.work import Work
from app.schemas.duplicates import (
    DuplicateObject,
    DuplicateOut,
    DuplicateQuery,
    DuplicateReasonOut,
    DuplicatesOut,
    PartyOut,
)

# How many of those behind it in a row each one is compared with.
REACH = 10
# Shorter beginnings of names say nothing.
BEGINNING = 5
FORMULA = (
    "duplicates.1: 1 - the product of (1 - weight) of what speaks for it, times the factor of what"
    " speaks against it"
)


@dataclass(frozen=True, slots=True)
class Sign:
    """Something two may have in common, or not: by its code, as SQL about a and b."""

    code: str
    holds: str
    weight: str


@dataclass(frozen=True, slots=True)
class Look:
    """How one kind of object is looked at: its own set, the keys they share, what is compared."""

    own: str
    table: str
    alive: str
    keys: tuple[str, ...]
    # Weights speak for it, factors against it.
    weights: tuple[Sign, ...]
    factors: tuple[Sign, ...]
    distinct: str
    never: str = "false"


_SIMILAR = f"""a.name_key <> b.name_key AND length(a.name_key) >= {BEGINNING}
  AND length(b.name_key) >= {BEGINNING}
  AND (starts_with(a.name_key, b.name_key) OR starts_with(b.name_key, a.name_key))"""
ACCOUNTS = Look(
    own="""SELECT id, id AS account_id, name, parent_id, lower(btrim(country)) AS country, name_key,
    domain_key, vat_key, postcode_key""",
    table="accounts",
    alive="deleted_at IS NULL",
    keys=("name_key", "domain_key", "vat_key", f"postcode_key, left(name_key, {BEGINNING})"),
    weights=(
        Sign("same_vat_id", "a.vat_key = b.vat_key", "0.95"),
        Sign("same_name", "a.name_key = b.name_key", "0.7"),
        Sign("same_domain", "a.domain_key = b.domain_key", "0.6"),
        Sign("similar_name", _SIMILAR, "0.4"),
        Sign("same_postcode", "a.postcode_key = b.postcode_key", "0.3"),
    ),
    factors=(
        Sign("different_vat_id", "a.vat_key <> b.vat_key", "0.2"),
        Sign("different_country", "a.country <> b.country", "0.6"),
        Sign("different_postcode", "a.postcode_key <> b.postcode_key", "0.8"),
    ),
    distinct="distinct_accounts",
    # A group and its company have much in common, and somebody said what they are to each other.
    never="a.parent_id = b.id OR b.parent_id = a.id",
)
OPPORTUNITIES = Look(
    own="""SELECT id, account_id, name, process_id, value, currency,
    regexp_replace(lower(name), '[^[:alnum:]]+', '', 'g') AS name_key,
    ARRAY(SELECT x.product_id FROM opportunity_products x
      WHERE x.workspace_id = opportunities.workspace_id
        AND x.opportunity_id = opportunities.id) AS products""",
    table="opportunities",
    alive="deleted_at IS NULL AND status = 'open'",
    keys=("account_id",),
    weights=(
        Sign("same_name", "a.name_key = b.name_key", "0.6"),
        Sign("similar_name", _SIMILAR, "0.4"),
        Sign("same_value", "a.value = b.value AND a.currency = b.currency", "0.4"),
        Sign("same_product", "a.products && b.products", "0.3"),
    ),
    factors=(Sign("different_process", "a.process_id <> b.process_id", "0.7"),),
    distinct="distinct_opportunities",
)
LOOKS = {DuplicateObject.ACCOUNTS: ACCOUNTS, DuplicateObject.OPPORTUNITIES: OPPORTUNITIES}

# Groups of equal keys come out of an index in order; only of their members more is looked up.
_GROUP = """SELECT array_agg(id ORDER BY id) AS ids FROM {table}
  WHERE workspace_id = :workspace AND {alive} AND ({key}) IS NOT NULL
  GROUP BY {key} HAVING count(*) > 1"""
_PAIRS = """
WITH pairs AS MATERIALIZED (
  SELECT DISTINCT ids[place] AS first_id, unnest(ids[place + 1 : place + {reach}]) AS second_id
  FROM ({groups}) AS found CROSS JOIN generate_subscripts(ids, 1) AS place
), own AS MATERIALIZED (
  {own} FROM {table} WHERE workspace_id = :workspace AND id IN (
    SELECT first_id FROM pairs UNION SELECT second_id FROM pairs)
)
SELECT a.id, a.name AS first_name, a.account_id AS first_account_id, b.id AS second_id,
  b.name AS second_name, b.account_id AS second_account_id, round({score}, 4) AS score,
  array_remove(ARRAY[{codes}], NULL) AS codes
FROM pairs p JOIN own a ON a.id = p.first_id JOIN own b ON b.id = p.second_id
WHERE ({never}) IS NOT TRUE AND NOT EXISTS (
  SELECT FROM {distinct} d
  WHERE d.workspace_id = :workspace AND d.first_id = a.id AND d.second_id = b.id)"""


async def find(work: Work, asked: DuplicateQuery) -> DuplicatesOut:
    """The pairs that score enough, in one statement."""
    pairs = _pairs(work, LOOKS[asked.object])
    query = select(pairs).where(pairs.c.score >= asked.min_score)
    if asked.account is not None:
        of = (pairs.c.first_account_id, pairs.c.second_account_id)
        query = query.where(or_(*(each == asked.account for each in of)))
    second = Key("second_id", pairs.c.second_id, descending=True)
    order = Order("score", pairs.c.score, pairs.c.id, descending=True, then=(second,))
    found = await page(work, query, order, asked)
    return DuplicatesOut(
        object=asked.object,
        formula=FORMULA,
        data=[_seen(work, row) for row in found.data],
        next_cursor=found.next_cursor,
    )


def _pairs(work: Work, look: Look) -> Any:
    told = text(pairs_sql(look)).bindparams(workspace=work.workspace_id)
    columns: tuple[ColumnElement[Any], ...] = (
        *(column(name, Uuid()) for name in ("id", "second_id")),
        *(column(name, Uuid()) for name in ("first_account_id", "second_account_id")),
        *(column(name, Text()) for name in ("first_name", "second_name")),
        column("score", Numeric()),
        column("codes", ARRAY(Text)),
    )
    return told.columns(*columns).subquery("pairs")


def pairs_sql(look: Look) -> str:
    said = {"table": look.table, "alive": look.alive}
    signs = (*look.weights, *look.factors)
    return _PAIRS.format(
        **said,
        groups=" UNION ALL ".join(_GROUP.format(**said, key=key) for key in look.keys),
        own=look.own,
        reach=REACH,
        score=_score(look),
        codes=", ".join(f"CASE WHEN {sign.holds} THEN '{sign.code}' END" for sign in signs),
        never=look.never,
        distinct=look.distinct,
    )


def _score(look: Look) -> str:
    """Independent signs of one thing: each takes its part of the doubt that is left."""
    doubts = (f"CASE WHEN {sign.holds} THEN 1 - {sign.weight} ELSE 1 END" for sign in look.weights)
    against = (f"CASE WHEN {sign.holds} THEN {sign.weight} ELSE 1 END" for sign in look.factors)
    return f"(1 - {' * '.join(doubts)}) * {' * '.join(against)}"


def _seen(work: Work, row: Row[Any]) -> DuplicateOut:
    return DuplicateOut(
        first=PartyOut(id=row.id, name=row.first_name),
        second=PartyOut(id=row.second_id, name=row.second_name),
        score=str(row.score),
        reasons=[
            DuplicateReasonOut(code=code, text=duplicate_text(code, work.language))
            for code in row.codes
        ],
    )
