"""The whole database, a file for each group of nouns."""

from app.tables.accounts import Account, Product
from app.tables.base import Owned, Table, Versioned
from app.tables.forecasts import ForecastPoint, ForecastSnapshot
from app.tables.idempotency import KeptAnswer
from app.tables.imports import Import, ImportPart, ImportProblem
from app.tables.ledger import ArrivalCell, StockCell
from app.tables.opportunities import Credit, Event, Opportunity, OpportunityProduct, Passage
from app.tables.people import Membership, Person, Team
from app.tables.processes import (
    Criterion,
    ExitReason,
    Milestone,
    Process,
    ProcessPolicy,
    ProcessVersion,
)
from app.tables.targets import Target, TargetPeriod, TargetVersion
from app.tables.workspaces import ApiKey, CurrencyRate, DailyRound, Workspace

__all__ = [
    "Account",
    "ApiKey",
    "ArrivalCell",
    "Credit",
    "Criterion",
    "CurrencyRate",
    "DailyRound",
    "Event",
    "ExitReason",
    "ForecastPoint",
    "ForecastSnapshot",
    "Import",
    "ImportPart",
    "ImportProblem",
    "KeptAnswer",
    "Membership",
    "Milestone",
    "Opportunity",
    "OpportunityProduct",
    "Owned",
    "Passage",
    "Person",
    "Process",
    "ProcessPolicy",
    "ProcessVersion",
    "Product",
    "StockCell",
    "Table",
    "Target",
    "TargetPeriod",
    "TargetVersion",
    "Team",
    "Versioned",
    "Workspace",
]
