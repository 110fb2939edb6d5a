"""The endpoints."""

from app.api import (
    accounts,
    api_keys,
    arrivals,
    cascade,
    currency_rates,
    me,
    milestones,
    movements,
    opportunities,
    people,
    processes,
    products,
    targets,
    teams,
    workspaces,
)

ROUTERS = (
    accounts.router,
    cascade.router,
    targets.router,
    arrivals.router,
    me.router,
    people.router,
    teams.router,
    movements.router,
    opportunities.router,
    processes.router,
    milestones.router,
    api_keys.router,
    currency_rates.router,
    products.router,
    workspaces.router,
)
