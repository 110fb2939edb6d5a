"""How well the matrix is known and who occupies it: by product, segment, owner or competitor."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.core.sliced import Rank, sliced
from app.core.work import Work
from app.domain.potential import sql
from app.domain.potential.grounds import (
    Cells,
    Matrix,
    Whose,
    counted,
    given,
    headcount,
    matrix,
    names_of,
    usual,
)
from app.domain.potential.groups import Group, Sum, blank, group_out, grouped, unasked
from app.engine.matrix.ground import Tally
from app.engine.matrix.measures import share
from app.engine.matrix.status import Status
from app.engine.money import exponent, round_to_minor
from app.schemas.matrix_stats import (
    CompetitorShareOut,
    Part,
    StatsBy,
    StatsGroupOut,
    StatsOut,
    StatsQuery,
)
from app.schemas.ratios import ratio_out

FORMULA = (
    "matrix.1: knowledge = (a - u) / a; penetration = b / (b + c + g);"
    " occupation = c / (b + c + g); open_need = g / (b + c + g);"
    " demand_rate = (b + c + g) / (a - u)"
)


async def find(work: Work, asked: StatsQuery) -> StatsOut:
    """Counted from all cells in a fixed number of statements; by value with the same formulas."""
    whole = await matrix(work)
    tallies = await part(work, whole, asked)
    total = grouped(work, whole.ground, tallies, lambda _: None).get(None, Group())
    found = await _groups(work, whole, tallies, total, asked)
    shown = sliced(found, _rank, asked)
    return StatsOut(
        by=asked.by,
        data=list(shown.data),
        next_cursor=shown.next_cursor,
        total=group_out(work, None, None, total),
        currency=work.home.currency,
        as_of=work.now,
        source="matrix",
        formula=FORMULA,
    )


async def part(work: Work, whole: Matrix, asked: Part) -> list[Tally[UUID]]:
    """The cells that were asked about."""
    return [each.tally for each in await cells_asked(work, whole, asked)]


async def cells_asked(work: Work, whole: Matrix, asked: Part) -> list[Cells]:
    """Those of an owner are counted; the others are among all cells, which are known already."""
    cells: Sequence[Cells] = whole.cells
    if asked.owner is not None:
        cells = await counted(work, whole.products, _whose(asked))
    return [
        one
        for one in cells
        if asked.product in (None, one.tally.product)
        and asked.segment in (None, one.tally.segment or None)
    ]


def _whose(asked: Part) -> Whose:
    return Whose(owner=asked.owner, segment=asked.segment)


async def _groups(
    work: Work, whole: Matrix, tallies: Sequence[Tally[UUID]], total: Group, asked: StatsQuery
) -> list[StatsGroupOut]:
    if asked.by is StatsBy.OWNER:
        return await _by_owner(work, whole, asked)
    if asked.by is StatsBy.COMPETITOR:
        return await _by_competitor(work, total, asked)
    if asked.by is StatsBy.SEGMENT:
        segments = grouped(work, whole.ground, tallies, lambda one: one.segment)
        return [group_out(work, key or None, key or None, one) for key, one in segments.items()]
    products = grouped(work, whole.ground, tallies, lambda one: one.product)
    return [group_out(work, key, whole.products[key], one) for key, one in products.items()]


async def _by_owner(work: Work, whole: Matrix, asked: StatsQuery) -> list[StatsGroupOut]:
    """Of so many owners, segments and products PostgreSQL makes the sums; the usual values come
    along, rounded as they are shown."""
    heads = await headcount(work, _whose(asked))
    chosen = [id for id in whole.products if asked.product in (None, id)]
    worth = {
        (segment, product): usual(work, whole.ground, segment, product)
        for segment in {row.segment for row in heads}
        for product in chosen
    }
    values = given(work, _whose(asked)) | {"product": asked.product} | _minors(worth, work)
    await work.db.execute(text(sql.AS_SETS))
    rows = (await work.db.execute(text(sql.BY_OWNER), values)).all()
    groups: defaultdict[UUID | None, Group] = defaultdict(Group)
    blanks = {
        segment: blank([worth[segment, id] for id in chosen])
        for segment in {row.segment for row in heads}
    }
    for row in heads:
        unasked(groups[row.owner_id], row.n, blanks[row.segment])
    for row in rows:
        _known(work, groups[row.owner_id], row)
    names = await names_of(work)
    return [group_out(work, id, names.get(id), group) for id, group in groups.items()]


def _minors(worth: Mapping[tuple[str, UUID], Fraction | None], work: Work) -> dict[str, Any]:
    """What is usual, in whole minor units."""
    unit = 10 ** exponent(work.home.currency)
    told = usual_values(worth, work.home.currency)
    minors = [None if one is None else int(one * unit) for one in told.pop("usual")]
    return told | {"minors": minors}


def _known(work: Work, group: Group, row: Row[Any]) -> None:
    """Cells of an owner and a status that is known: no longer unknown."""
    unit, unknown = 10 ** exponent(work.home.currency), group.sums[Status.UNKNOWN]
    unknown.n -= row.n
    unknown.value -= Fraction(int(row.usual), unit)
    unknown.missing -= row.unusual
    value = Fraction(row.total) + Fraction(int(row.estimated), unit)
    group.sums[Status(row.status)] = Sum(row.n, value, row.stated, row.missing)


def usual_values(
    worth: Mapping[tuple[str, UUID], Fraction | None], currency: str
) -> dict[str, Any]:
    """What is usual, as three lists that PostgreSQL reads as a table."""
    return {
        "segments": [segment for segment, _ in worth],
        "products": [product for _, product in worth],
        "usual": [None if one is None else round_to_minor(one, currency) for one in worth.values()],
    }


async def _by_competitor(work: Work, total: Group, asked: StatsQuery) -> list[StatsGroupOut]:
    """Names that differ in case alone are one competitor, named as the most often."""
    values = given(work, _whose(asked)) | {"product": asked.product}
    rows = (await work.db.execute(text(sql.BY_COMPETITOR), values)).all()
    found: defaultdict[str, Group] = defaultdict(Group)
    names: dict[str, Row[Any]] = {}
    for row in rows:
        key = row.name.casefold()
        into = found[key].sums[Status(row.status)]
        into.n += row.n
        into.value += Fraction(row.total)
        into.stated += row.stated
        into.missing += row.n - row.stated
        names[key] = max(names.get(key, row), row, key=lambda one: (one.n, one.name))
    held = Sum()
    for group in found.values():
        held.n += group.sums[Status.COMPETITOR].n
        held.value += group.sums[Status.COMPETITOR].value
    return [_competitor(work, names[key].name, group, held, total) for key, group in found.items()]


def _competitor(work: Work, name: str, group: Group, held: Sum, total: Group) -> StatsGroupOut:
    own = group.sums[Status.COMPETITOR]
    shown = group_out(work, name, name, group)
    nothing = dict.fromkeys(("knowledge", "penetration", "open_need", "demand_rate"))
    counted, valued = total.by_count.demanded, total.by_value.demanded
    by_count = {"occupation": ratio_out(share(own.n, counted))}
    by_value = {"occupation": ratio_out(share(own.value, valued))}
    return shown.model_copy(
        update={
            "by_count": shown.by_count.model_copy(update=nothing | by_count),
            "by_value": shown.by_value.model_copy(update=nothing | by_value),
            "competitor_share": CompetitorShareOut(
                by_count=ratio_out(share(own.n, held.n)),
                by_value=ratio_out(share(own.value, held.value)),
            ),
        }
    )


def _rank(group: StatsGroupOut) -> Rank:
    """Most demand first; then by name."""
    wanted = (Status.BUYS, Status.COMPETITOR, Status.NEED)
    demand = sum(each.count for each in group.cells if each.status in wanted)
    return Decimal(-demand), Decimal(group.key is None), f"{group.name or ''}:{group.key}"
