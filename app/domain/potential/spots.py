"""Cells by what may come of them, ranked by PostgreSQL: the query behind every such list.

What is usual for a product in a segment, and how likely, is reckoned exactly beforehand and handed
over as a table with a row for each; of a cell itself only its own value and dates are added.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Numeric, Select, String, Subquery, Text, Uuid, column, select, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.core.work import Work
from app.domain.potential import sql
from app.domain.potential.grounds import Matrix, Whose, given, usual
from app.engine.matrix.ground import Tally
from app.engine.matrix.status import STALE_AFTER, Status
from app.engine.money import Money, round_to_minor

Place = tuple[str, UUID]  # segment and product

USUAL = """usual AS (
  SELECT * FROM unnest(CAST(:segments AS text[]), CAST(:products AS uuid[]),
    CAST(:usual AS numeric[]), CAST(:hits AS numeric[]), CAST(:cases AS numeric[]),
    CAST(:near AS boolean[])) AS u(segment, product_id, value, hits, cases, near)
)"""

_OF_ACCOUNT = (
    "a.id AS account_id, a.name AS account, a.owner_id, coalesce(a.segment, '') AS segment"
)
_KNOWN = f"""
  SELECT {_OF_ACCOUNT}, c.product_id, c.status, {sql.STATED} AS stated,
    c.competitors, {{due}} AS due_on, {sql.SAID_AT} AS said_at
  FROM cells c
  JOIN accounts a ON a.id = c.account_id AND {sql.THERE} AND {sql.MINE}
  JOIN products p ON p.id = c.product_id AND {sql.SOLD}{{dues}}
  WHERE c.workspace_id = :workspace AND (CAST(:product AS uuid) IS NULL OR p.id = :product)"""


def _known(due: str, dues: str = "") -> str:
    """Cells that somebody spoke of, each with the day on which something of it is due."""
    return _KNOWN.replace("{due}", due).replace("{dues}", dues)


NEVER_ASKED = f"""
  SELECT {_OF_ACCOUNT}, p.id AS product_id, 'unknown' AS status, CAST(NULL AS numeric) AS stated,
    CAST('[]' AS jsonb) AS competitors, CAST(NULL AS date) AS due_on,
    CAST(NULL AS timestamptz) AS said_at
  FROM accounts a CROSS JOIN products p
  WHERE {sql.THERE} AND {sql.MINE} AND {sql.SOLD}
    AND (CAST(:product AS uuid) IS NULL OR p.id = :product)
    AND NOT EXISTS (SELECT FROM cells c WHERE c.workspace_id = :workspace
      AND c.account_id = a.id AND c.product_id = p.id AND c.status <> 'unknown')"""
# Of white spots only those at places that can come first: all of a place have one score.
NEAREST = NEVER_ASKED.replace(
    "CROSS JOIN products p",
    "JOIN usual w ON w.near AND w.segment = coalesce(a.segment, '')"
    " JOIN products p ON p.id = w.product_id",
)
WORKABLE = f"""{_known("c.need_by_when")}
    AND (c.status = 'need' OR {sql.ATTACKABLE})"""
STALE = f"""{_known("c.need_by_when")} AND c.status IN ('buys', 'competitor', 'need', 'no_need')
    AND {sql.SAID_AT} < CAST(:now AS timestamptz) - make_interval(days => :stale_after)"""
# The first review that is overdue, of a goal that the product serves.
_OVERDUE = """
  LEFT JOIN (
    SELECT g.account_id, s.product_id, min(g.review_due) AS due_on FROM goals g
    JOIN goal_products s ON s.workspace_id = :workspace AND s.goal_id = g.id
    WHERE g.workspace_id = :workspace AND g.deleted_at IS NULL AND g.review_due < :today
    GROUP BY g.account_id, s.product_id) g
    ON g.account_id = c.account_id AND g.product_id = c.product_id"""
OWNED = f"""{_known("g.due_on", _OVERDUE)} AND c.status = 'buys'
    AND (c.competitors <> '[]' OR g.due_on IS NOT NULL
      OR c.ours_at < CAST(:now AS timestamptz) - make_interval(days => :days))"""

# A need is won and a competitor displaced at one chance; the others have that of their product and
# segment, and what was known once the part of it that asking brings.
_AGE = "floor(extract(epoch FROM CAST(:now AS timestamptz) - v.said_at) / 86400)"
WORKED = """v.value * CASE v.status WHEN 'need' THEN CAST(:win AS numeric)
      WHEN 'competitor' THEN CAST(:displacement AS numeric) ELSE v.hits END
    / CASE v.status WHEN 'need' THEN CAST(:won_of AS numeric)
      WHEN 'competitor' THEN CAST(:displaced_of AS numeric) ELSE v.cases END"""
ASKED = f"""CASE WHEN v.said_at IS NULL THEN v.value * v.hits / v.cases
    ELSE v.value * v.hits * ({_AGE} - :stale_after) / (v.cases * {_AGE}) END"""

_NAMED = re.compile(r"(?<!:):([a-z_]+)")
_COLUMNS = (
    column("account_id", Uuid),
    column("id", Uuid),
    column("account", Text),
    column("owner_id", Uuid),
    column("segment", String),
    column("status", String),
    column("stated", Numeric),
    column("competitors", JSONB),
    column("due_on", Date),
    column("said_at", TIMESTAMP(timezone=True)),
    column("weight", Numeric),
    column("score", Numeric),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """Which cells are looked at, and what makes their score."""

    among: str
    score: str = "v.value"


def spots(
    work: Work,
    whole: Matrix,
    whose: Whose,
    product: UUID | None,
    kind: Kind,
    days: int = STALE_AFTER.days,
    near: Collection[Place] | None = None,
) -> Subquery:
    """Cells of a kind with their scores; -1 stands for a score, and for a value, that is not known.
    The product is the `id`. `days` is how long what is bought may go without being confirmed;
    `near` are the places whose white spots `LEADING` looks at."""
    ranked = f"""
WITH {sql.RATES}, {USUAL}, spots AS ({kind.among}), valued AS (
  SELECT s.*, coalesce(s.stated, u.value) AS value, u.hits, u.cases
  FROM spots s LEFT JOIN usual u ON u.segment = s.segment AND u.product_id = s.product_id
)
SELECT v.account_id, v.product_id AS id, v.account, v.owner_id, v.segment, v.status, v.stated,
  v.competitors, v.due_on, v.said_at, coalesce(v.value, -1) AS weight,
  coalesce(round({kind.score}, :exponent), -1) AS score
FROM valued v"""
    values = given(work, whose) | _history(whole) | _usual(work, whole, near)
    values |= {"product": product, "now": work.now, "stale_after": STALE_AFTER.days, "days": days}
    wanted = {name: values[name] for name in _NAMED.findall(ranked)}
    return text(ranked).bindparams(**wanted).columns(*_COLUMNS).subquery("spots")


POTENTIAL = Kind(f"{WORKABLE} UNION ALL {NEVER_ASKED}", WORKED)
LEADING = Kind(f"{WORKABLE} UNION ALL {NEAREST}", WORKED)
QUESTIONS = Kind(f"{NEVER_ASKED} UNION ALL {STALE}", ASKED)
RISKS = Kind(OWNED)
NOT_OURS = Kind(
    f"{_known('c.need_by_when')} AND c.status IN ('competitor', 'need') UNION ALL {NEVER_ASKED}"
)
WORK = Kind(WORKABLE)


def chosen(found: Subquery, status: str | None) -> Select[Any]:
    query = select(found)
    return query if status is None else query.where(found.c.status == status)


def _history(whole: Matrix) -> dict[str, Any]:
    """A fraction goes over as its two numbers: divided last, it loses nothing."""
    win, displacement = whole.ground.win, whole.ground.displacement
    return {
        "win": _over(win),
        "won_of": _under(win),
        "displacement": _over(displacement),
        "displaced_of": _under(displacement),
    }


def nearest(work: Work, whole: Matrix, among: Iterable[Tally[UUID]], most: int) -> set[Place]:
    """The places of the `most` best white spots, and of all that may be as good: a score that is
    divided and rounded here may differ from PostgreSQL's in its last unit."""
    spots: list[tuple[Decimal, Place, int]] = []
    for one in among:
        if one.status is Status.UNKNOWN and one.n:
            place = (one.segment, one.product)
            spots.append((_score(work, whole, place), place, one.n))
    spots.sort(key=lambda spot: -spot[0])
    last, seen = None, 0
    for score, _, n in spots:
        if seen < most:
            last, seen = score, seen + n
    unit = 2 * Money.of_minor(1, work.home.currency).amount
    return {place for score, place, _ in spots if last is None or score >= last - unit}


def _score(work: Work, whole: Matrix, place: Place) -> Decimal:
    """Of a white spot there; -1 where nothing tells it."""
    value, chance = usual(work, whole.ground, *place), whole.ground.chances(*place).asked
    if value is None or chance is None:
        return Decimal(-1)
    return round_to_minor(value * chance, work.home.currency)


def _usual(work: Work, whole: Matrix, near: Collection[Place] | None) -> dict[str, Any]:
    places = list(whole.ground.places)
    values = [usual(work, whole.ground, *place) for place in places]
    chances = [whole.ground.chances(*place).asked for place in places]
    currency = work.home.currency
    return {
        "segments": [segment for segment, _ in places],
        "products": [product for _, product in places],
        "usual": [None if one is None else round_to_minor(one, currency) for one in values],
        "hits": [_over(one) for one in chances],
        "cases": [_under(one) for one in chances],
        "near": [near is None or place in near for place in places],
    }


def _over(chance: Fraction | None) -> Decimal | None:
    return None if chance is None else Decimal(chance.numerator)


def _under(chance: Fraction | None) -> Decimal:
    return Decimal(1) if chance is None else Decimal(chance.denominator)
