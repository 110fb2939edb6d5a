"""A list of deals as another system exports it: dates of stages in wide columns, all references."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

MILESTONES = ("interest", "invited", "need", "concept")
HEADER = (
    "external_id", "name", "account", "owner", "value", "currency", "created_at",
    *(f"reached:{key}" for key in MILESTONES), "status", "closed_at", "exit_kind",
    "attributes.region",
)  # fmt: skip
RATES, DAYS = (1.0, 0.8, 0.8, 0.75, 0.75), (6, 18, 25, 35, 25)
OWNERS, DEALS_OF_AN_ACCOUNT = 24, 8
MONTHS = 36
# What a bad row has instead, by column: one fault each.
BAD = (("value", "twelve"), ("created_at", "2026-13-01"), ("currency", "EURO"), ("external_id", ""))


def write(path: Path, deals: int, *, bad: float = 0, seed: int = 7) -> int:
    """So many deals; a share of them is `bad`. The number of milestones reached."""
    random, until = Random(seed), datetime.now(UTC) - timedelta(hours=1)  # noqa: S311 - a story
    reached = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEADER)
        for number in range(1, deals + 1):
            row, arrived = _deal(random, number, deals, until)
            if random.random() < bad:
                column, text = BAD[number % len(BAD)]
                row[HEADER.index(column)] = text
            rows.writerow(row)
            reached += arrived
    return reached


def _deal(random: Random, number: int, deals: int, until: datetime) -> tuple[list[str], int]:
    began = until - timedelta(days=MONTHS * 30.4 * (1 - number / deals) + 1)
    at, dates = began, list[datetime]()
    for rate, days in zip(RATES, DAYS, strict=True):
        at += timedelta(days=random.expovariate(1 / days))
        if random.random() >= rate or at > until:
            break
        dates.append(at)
    won = len(dates) == len(RATES)
    lost = not won and at < until and random.random() < 0.85  # noqa: PLR2004 - the rest is forgotten
    cells = [_text(each) for each in dates[: len(MILESTONES)]]
    cells += [""] * (len(MILESTONES) - len(cells))
    status = "won" if won else "lost" if lost else "open"
    account = f"Customer {random.randrange(max(10, deals // DEALS_OF_AN_ACCOUNT))}"
    value = f"{round(random.lognormvariate(9.2, 0.8), -2) + 100:.2f}"
    row = [
        f"D-{number}", f"Line {number} for {account}", account,
        f"seller{random.randrange(OWNERS)}@world.example", value, "EUR", _text(began), *cells,
        status, _text(dates[-1] if won else at) if won or lost else "", "lost" if lost else "",
        random.choice(("north", "south", "east")),
    ]  # fmt: skip
    return row, len(dates)


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
