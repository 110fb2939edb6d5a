"""Who plays in the demo: a company that sells sensors, its people, its products, its customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import product
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.core.ids import uuid7
from app.core.work import Work
from app.domain import people, products, teams
from app.schemas.people import PersonIn
from app.schemas.products import ProductIn
from app.schemas.teams import TeamIn
from app.tables import Account, CurrencyRate

SOURCE = "demo"
TEAMS = {"Sales": None, "North": "Sales", "South": "Sales", "Key accounts": "Sales"}
# Name, team, and after how many months they joined.
PEOPLE = (
    ("Anna Berg", "North", 0),
    ("Bela Tóth", "South", 0),
    ("Chiara Rossi", "Key accounts", 0),
    ("Deniz Kaya", "North", 0),
    ("Emil Larsen", "South", 0),
    ("Fatima Haddad", "Key accounts", 0),
    ("Greta Lind", "North", 0),
    ("Hugo Martin", "South", 7),
    ("Ines Costa", "North", 13),
    ("Jonas Weber", "South", 19),
)
PRODUCTS = (
    ("Vibration sensor kit", 8_500),
    ("Edge gateway", 4_200),
    ("Condition monitoring", 24_000),
    ("Energy metering", 16_000),
    ("Line digitalisation", 65_000),
    ("Service contract", 9_600),
)
SEGMENTS = {
    "machinery": ("Works", "Machinery", "Engineering"),
    "food": ("Foods", "Dairies", "Bakeries"),
    "logistics": ("Logistics", "Freight", "Storage"),
    "energy": ("Power", "Grids", "Renewables"),
    "health": ("Medical", "Laboratories", "Pharma"),
}
NAMES = (
    "Alder", "Birk", "Castor", "Dorn", "Elm", "Falk", "Ginster", "Hasel", "Ilex", "Juniper",
    "Kestrel", "Linde", "Marten", "Nordal", "Otter", "Pinta",
)  # fmt: skip
COUNTRIES = ("DE", "DE", "DE", "AT", "NL", "FR", "CH")
FOREIGN = {"CH": "CHF"}
RATE_OF = {"CHF": Decimal("1.04")}
RATE_WANDERS = 250  # ten-thousandths, around that


@dataclass(frozen=True, slots=True)
class Seller:
    id: UUID
    team: str
    since: date


@dataclass(frozen=True, slots=True)
class Customer:
    id: UUID
    name: str
    currency: str


@dataclass(frozen=True, slots=True)
class Ware:
    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Cast:
    teams: dict[str, UUID]
    sellers: Sequence[Seller]
    customers: Sequence[Customer]
    wares: Sequence[Ware]

    def sellers_on(self, day: date) -> Sequence[Seller]:
        """Who was there on a day; the first ones always were."""
        return [seller for seller in self.sellers if seller.since <= day]


async def engage(work: Work, random: Random, months: Sequence[date]) -> Cast:
    """Everybody and everything the story needs; `months` are the first days of its months."""
    hired = await _teams(work)
    sellers = [await _seller(work, hired, months, *person) for person in PEOPLE]
    wares = [await _ware(work, name, price) for name, price in PRODUCTS]
    await _currency_rates(work, random, months)
    return Cast(hired, sellers, await _customers(work, random), wares)


async def _teams(work: Work) -> dict[str, UUID]:
    found: dict[str, UUID] = {}
    for name, parent in TEAMS.items():
        above = found[parent] if parent else None
        found[name] = (await teams.create(work, TeamIn(name=name, parent_id=above))).id
    return found


async def _seller(
    work: Work, hired: dict[str, UUID], months: Sequence[date], name: str, team: str, after: int
) -> Seller:
    since = months[min(after, len(months) - 1)]
    joined = since if after else None
    email = f"{name.split(maxsplit=1)[0].lower()}@sensors.example"
    person = PersonIn(name=name, email=email, team_id=hired[team], team_since=joined)
    return Seller((await people.create(work, person)).id, team, since)


async def _ware(work: Work, name: str, price: int) -> Ware:
    listed = {"amount": f"{price}", "currency": work.home.currency}
    wanted = ProductIn.model_validate({"name": name, "list_price": listed})
    return Ware((await products.create(work, wanted)).id, name)


async def _customers(work: Work, random: Random) -> Sequence[Customer]:
    rows: list[dict[str, Any]] = [
        {
            "workspace_id": work.workspace_id,
            "id": uuid7(),
            "name": f"{name} {word}",
            "segment": segment,
            "country": random.choice(COUNTRIES),
            "source": SOURCE,
            "external_id": f"customer-{number}",
            "attributes": {},
            "created_at": work.now,
            "updated_at": work.now,
        }
        for number, (name, (segment, word)) in enumerate(product(NAMES, _lines_of_business()))
    ]
    await work.db.execute(insert(Account), rows)
    random.shuffle(rows)
    home = work.home.currency
    return [Customer(row["id"], row["name"], FOREIGN.get(row["country"], home)) for row in rows]


def _lines_of_business() -> list[tuple[str, str]]:
    return [(segment, word) for segment, words in SEGMENTS.items() for word in words]


async def _currency_rates(work: Work, random: Random, months: Sequence[date]) -> None:
    """A rate a month; the first one also holds for the orders before the story."""
    days = (months[0] - timedelta(days=600), *months)
    rows = [
        {
            "workspace_id": work.workspace_id,
            "id": uuid7(),
            "currency": currency,
            "day": day,
            "rate": rate + Decimal(random.randint(-RATE_WANDERS, RATE_WANDERS)) / 10_000,
            "source": SOURCE,
            "recorded_at": datetime.combine(day, time(6), tzinfo=UTC),
        }
        for currency, rate in RATE_OF.items()
        for day in days
    ]
    await work.db.execute(insert(CurrencyRate), rows)
