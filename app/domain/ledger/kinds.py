"""The kinds of cells: what names a cell, and what is added up in it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grains:
    """Columns of a cell's key that are not in the rows themselves: how each is `said`, and by which
    columns of the rows it is grouped for them, once for each grain."""

    said: Mapping[str, str]
    sets: tuple[str, ...]


PLAIN = Grains({}, ())


@dataclass(frozen=True, slots=True)
class Kind:
    """A table of cells. `fixed` columns always say something, `open` ones may be NULL."""

    table: str
    fixed: tuple[str, ...]
    open: tuple[str, ...]
    sums: tuple[str, ...]

    @property
    def key(self) -> tuple[str, ...]:
        return (*self.fixed, *self.open)

    def same(self, one: str, other: str) -> str:
        """Whether two rows speak of the same cell, so said that sets of them can be joined."""
        equal = [f"{one}.{name} = {other}.{name}" for name in self.fixed]
        told = "coalesce({0}.{1}::text, '')"
        alike = [f"{told.format(one, name)} = {told.format(other, name)}" for name in self.open]
        return " AND ".join((*equal, *alike))

    def written(self, rows: str, *, folded: bool, grains: Grains = PLAIN) -> str:
        """The statement that writes the sums of `rows`, as far as they do not cancel out.

        Any number will do for an id that nobody asks for: a cell is found by what it counts.
        """
        sums = ", ".join(self.sums)
        told = ", ".join(grains.said.get(name, name) for name in self.key)
        alike = ", ".join(name for name in self.key if name not in grains.said)
        groups = ", ".join(f"({alike}, {each})" for each in grains.sets)
        by = f"GROUPING SETS ({groups})" if groups else alike
        added = ", ".join(f"sum({name})" for name in self.sums)
        apart = " OR ".join(f"sum({name}) <> 0" for name in self.sums)
        key = ", ".join(self.key)
        return f"""INSERT INTO {self.table} (workspace_id, id, {key}, {sums}, folded)
  SELECT :workspace, gen_random_uuid(), {told}, {added}, {folded}
  FROM {rows} GROUP BY {by} HAVING {apart}"""


ARRIVALS = Kind(
    "arrival_cells",
    ("process_id", "lineage_id", "grain", "day", "verified"),
    ("person_id", "business_type"),
    ("n", "known", "missing", "value"),
)
STOCK = Kind("stock_cells", ("process_id", "milestone_id"), ("currency",), ("n", "known", "value"))
MATRIX = Kind("matrix_sums", ("product_id", "segment", "status"), ("currency",), ("n", "value"))
KINDS: Mapping[str, Kind] = {kind.table: kind for kind in (ARRIVALS, STOCK, MATRIX)}
