"""Real deal lists, as a forecaster would have known them."""

import csv
from datetime import UTC, datetime
from math import nan
from pathlib import Path

from app.engine.flow.facts import Facts, Order, Outcome, Stay, day, gathered

_MISSPELT = {"GTXPro": "GTX Pro"}
_OUTCOMES = {"Won": Outcome.ADVANCED, "Lost": Outcome.LOST}


def maven(lists: Path) -> Facts | None:
    """The Maven CRM list, one section from engagement to the order; None where it is absent.

    A deal is worth its product's list price until the order says what was really paid: the
    closing value is hindsight. Deals that were never engaged have not begun.
    """
    folder = lists / "maven"
    if not (folder / "sales_pipeline.csv").exists():
        return None
    prices = {row["product"]: float(row["sales_price"]) for row in _rows(folder / "products.csv")}
    rows = [row for row in _rows(folder / "sales_pipeline.csv") if row["engage_date"]]
    at = max(_day(row["close_date"]) for row in rows if row["close_date"])
    stays, orders, amounts = [], [], []
    for deal, row in enumerate(rows):
        price = prices[_MISSPELT.get(row["product"], row["product"])]
        outcome = _OUTCOMES.get(row["deal_stage"], Outcome.OPEN)
        left = _day(row["close_date"]) if row["close_date"] else at
        won = outcome is Outcome.ADVANCED
        paid = float(row["close_value"]) if won else nan
        begun = _day(row["engage_date"])
        stays.append(
            Stay(deal, 0, begun, left, outcome, 0.0, implied=False, value=price, next_value=paid)
        )
        amounts.append(price)
        if won:
            orders.append(Order(deal, left, paid, first=True))
    return gathered(1, at, stays, orders, amounts)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def _day(text: str) -> float:
    return day(datetime.fromisoformat(text).replace(tzinfo=UTC))
