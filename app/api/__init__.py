"""The endpoints."""

from app.api import (
    accounts,
    cascade,
    me,
    milestones,
    movements,
    opportunities,
    people,
    processes,
    teams,
)

ROUTERS = (
    accounts.router,
    cascade.router,
    me.router,
    people.router,
    teams.router,
    movements.router,
    opportunities.router,
    processes.router,
    milestones.router,
)
