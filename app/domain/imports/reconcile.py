"""The file's own figures against the stored ones: the proof that nothing was lost on the way.

One side is added up from the rows as they were read, the other from the opportunities and their
arrivals. Rows that were rejected or held stand on the first side alone, so they show.
"""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from app.core.work import Work
from app.domain.imports import sql
from app.engine.money import Money

_ROWS = """
SELECT (SELECT count(*) FROM staged_cells) AS source,
  (SELECT count(*) FROM staged_ignored) + count(o.id) AS ours
FROM staged_deals d
JOIN opportunities o ON o.workspace_id = :ws AND o.id = d.id AND o.deleted_at IS NULL"""

# Deals about which the file says nothing (no stage, no status) are compared by number only.
_SOURCE = """
SELECT CASE WHEN d.act = 'won' THEN 'won' WHEN d.act = 'exit' THEN 'exited' ELSE 'open' END AS what,
  CASE WHEN d.act = 'won' THEN to_char(coalesce(r.closed_at, d.ordered_at, r.reached_at, d.last_at,
    r.created_at, :now) AT TIME ZONE :zone, 'YYYY-MM') END AS month,
  CASE WHEN v.value IS NOT NULL THEN r.currency END AS currency,
  count(*) AS count, coalesce(sum(v.value), 0) AS value
FROM staged_deals d JOIN staged_rows r ON r.line = d.line
CROSS JOIN LATERAL (SELECT CASE WHEN d.act = 'won' THEN coalesce(r.order_value, r.value)
  WHEN d.act = 'exit' THEN NULL ELSE r.value END AS value) v
WHERE d.act IS NOT NULL
GROUP BY 1, 2, 3"""

_OURS = """
SELECT CASE o.status WHEN 'won' THEN 'won' WHEN 'exited' THEN 'exited' ELSE 'open' END AS what,
  CASE WHEN o.status = 'won' THEN to_char(w.arrived_at AT TIME ZONE :zone, 'YYYY-MM') END AS month,
  CASE o.status WHEN 'won' THEN w.currency WHEN 'open' THEN o.currency END AS currency,
  count(*) AS count,
  coalesce(sum(CASE o.status WHEN 'won' THEN w.value WHEN 'open' THEN o.value END), 0) AS value
FROM staged_deals d
JOIN opportunities o ON o.workspace_id = :ws AND o.id = d.id AND o.deleted_at IS NULL
LEFT JOIN (
  SELECT p.opportunity_id, min(p.arrived_at) AS arrived_at, max(p.currency) AS currency,
    sum(p.value) AS value
  FROM staged_deals s
  JOIN passages p ON p.workspace_id = :ws AND p.opportunity_id = s.id
    AND p.milestone_id = s.order_id
  GROUP BY p.opportunity_id) w ON o.status = 'won' AND w.opportunity_id = d.id
WHERE d.act IS NOT NULL
GROUP BY 1, 2, 3"""


async def reconcile(work: Work) -> dict[str, Any]:
    """Rows, open deals, exits and orders by month of the workspace, on both sides."""
    rows = (await sql.rows(work, _ROWS))[0]
    source = _added(await sql.rows(work, _SOURCE, zone=work.home.time_zone))
    ours = _added(await sql.rows(work, _OURS, zone=work.home.time_zone))
    sides = {
        "source": {"rows": rows.source} | source,
        "ours": {"rows": rows.ours} | ours,
    }
    return sides | {"matches": sides["source"] == sides["ours"]}


def _added(found: Any) -> dict[str, Any]:
    counts: dict[str, int] = defaultdict(int)
    values: dict[tuple[str, str | None], dict[str, Decimal]] = defaultdict(dict)
    months: dict[str, int] = defaultdict(int)
    for row in found:
        counts[row.what] += row.count
        if row.what == "won":
            months[row.month] += row.count
        if row.currency is not None:
            values[row.what, row.month][row.currency] = row.value
    return {
        "open": {"count": counts["open"], "value": _money(values["open", None])},
        "exited": {"count": counts["exited"]},
        "won": [
            {"month": month, "count": months[month], "value": _money(values["won", month])}
            for month in sorted(months)
        ],
    }


def _money(sums: dict[str, Decimal]) -> list[dict[str, str]]:
    """A sum for each currency."""
    return [
        {"amount": Money(amount, currency).text, "currency": currency}
        for currency, amount in sorted(sums.items())
    ]
