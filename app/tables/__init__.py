"""The whole database, a file for each group of nouns."""

from app.tables.accounts import Account, Product
from app.tables.audit import AuditEntry, Identity
from app.tables.base import Owned, Table, Versioned
from app.tables.cell_deals import CellDeal
from app.tables.distinctions import DistinctAccounts, DistinctOpportunities
from app.tables.forecasts import ForecastLesson, ForecastPoint, ForecastSnapshot
from app.tables.goals import Goal, GoalProduct
from app.tables.idempotency import KeptAnswer
from app.tables.imports import (
    Import,
    ImportChange,
    ImportChunk,
    ImportLeft,
    ImportPart,
    ImportProblem,
)
from app.tables.jobs import Job
from app.tables.ledger import ArrivalCell, MatrixSum, StockCell
from app.tables.matrix import Cell, CellChange, CellConflict, CellCount, Mark
from app.tables.merges import AccountMerge, AccountMergeChange, AccountMergeUndo
from app.tables.opportunities import Credit, Event, Opportunity, OpportunityProduct, Passage
from app.tables.order_lines import OrderLine, Renewal
from app.tables.outbox import EventMark, OutboxDraft, OutboxEvent, OutboxHead
from app.tables.people import Membership, Person, Team
from app.tables.processes import (
    Criterion,
    ExitReason,
    Milestone,
    Process,
    ProcessPolicy,
    ProcessVersion,
)
from app.tables.sources import Source, SourceCost, Touchpoint, TouchpointStitch
from app.tables.targets import Target, TargetPeriod, TargetVersion
from app.tables.touches import DealTouch
from app.tables.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from app.tables.workspaces import ApiKey, CurrencyRate, DailyRound, Workspace

__all__ = [
    "Account",
    "AccountMerge",
    "AccountMergeChange",
    "AccountMergeUndo",
    "ApiKey",
    "ArrivalCell",
    "AuditEntry",
    "Cell",
    "CellChange",
    "CellConflict",
    "CellCount",
    "CellDeal",
    "Credit",
    "Criterion",
    "CurrencyRate",
    "DailyRound",
    "DealTouch",
    "DistinctAccounts",
    "DistinctOpportunities",
    "Event",
    "EventMark",
    "ExitReason",
    "ForecastLesson",
    "ForecastPoint",
    "ForecastSnapshot",
    "Goal",
    "GoalProduct",
    "Identity",
    "Import",
    "ImportChange",
    "ImportChunk",
    "ImportLeft",
    "ImportPart",
    "ImportProblem",
    "Job",
    "KeptAnswer",
    "Mark",
    "MatrixSum",
    "Membership",
    "Milestone",
    "Opportunity",
    "OpportunityProduct",
    "OrderLine",
    "OutboxDraft",
    "OutboxEvent",
    "OutboxHead",
    "Owned",
    "Passage",
    "Person",
    "Process",
    "ProcessPolicy",
    "ProcessVersion",
    "Product",
    "Renewal",
    "Source",
    "SourceCost",
    "StockCell",
    "Table",
    "Target",
    "TargetPeriod",
    "TargetVersion",
    "Team",
    "Touchpoint",
    "TouchpointStitch",
    "Versioned",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "Workspace",
]
