"""The whole database, a file for each group of nouns."""

from app.tables.accounts import Account, Product
from app.tables.base import Owned, Table, Versioned
from app.tables.cell_deals import CellDeal
from app.tables.forecasts import ForecastPoint, ForecastSnapshot
from app.tables.idempotency import KeptAnswer
from app.tables.imports import Import, ImportPart, ImportProblem
from app.tables.matrix import Cell, CellChange, CellConflict, CellCount, Mark
from app.tables.opportunities import Credit, Event, Opportunity, OpportunityProduct, Passage
from app.tables.order_lines import OrderLine, Renewal
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
    "Cell",
    "CellChange",
    "CellConflict",
    "CellCount",
    "CellDeal",
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
    "Mark",
    "Membership",
    "Milestone",
    "Opportunity",
    "OpportunityProduct",
    "OrderLine",
    "Owned",
    "Passage",
    "Person",
    "Process",
    "ProcessPolicy",
    "ProcessVersion",
    "Product",
    "Renewal",
    "Table",
    "Target",
    "TargetPeriod",
    "TargetVersion",
    "Team",
    "Versioned",
    "Workspace",
]
