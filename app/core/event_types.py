"""What others can be told of: the words of `type`, in the order in which one change tells them."""

from enum import StrEnum


class EventType(StrEnum):
    OPPORTUNITY_CREATED = "opportunity.created"
    OPPORTUNITY_RESTORED = "opportunity.restored"
    OPPORTUNITY_REOPENED = "opportunity.reopened"
    OPPORTUNITY_UPDATED = "opportunity.updated"
    OPPORTUNITY_RESUMED = "opportunity.resumed"
    OPPORTUNITY_VOIDED = "opportunity.voided"
    OPPORTUNITY_REGRESSED = "opportunity.regressed"
    OPPORTUNITY_MILESTONE_REACHED = "opportunity.milestone_reached"
    OPPORTUNITY_HELD = "opportunity.held"
    OPPORTUNITY_STALE = "opportunity.stale"
    OPPORTUNITY_WON = "opportunity.won"
    OPPORTUNITY_EXITED = "opportunity.exited"
    OPPORTUNITY_DELETED = "opportunity.deleted"
    LIGHT_CHANGED = "light.changed"
    TARGET_REACHED = "target.reached"
    MATRIX_CELL_CHANGED = "matrix.cell_changed"
    MATRIX_AT_RISK = "matrix.at_risk"
    IMPORT_FINISHED = "import.finished"
    WEBHOOK_TEST = "webhook.test"
    WEBHOOK_DISABLED = "webhook.disabled"


class EventObject(StrEnum):
    """What an event is about."""

    OPPORTUNITY = "opportunity"
    LIGHT = "light"
    TARGET = "target"
    CELL = "cell"
    IMPORT = "import"
    WEBHOOK_ENDPOINT = "webhook_endpoint"
