"""The endpoints."""

from app.api import (
    accounts,
    api_keys,
    arrivals,
    cascade,
    currency_rates,
    forecast,
    imports,
    lights,
    me,
    milestones,
    movements,
    opportunities,
    people,
    processes,
    products,
    rates,
    stale,
    targets,
    teams,
    workspaces,
)
from app.api.finish import finished

# Every answer is finished in its transaction: kept for a repeat, or tagged.
ROUTERS = finished(
    accounts.router,
    cascade.router,
    targets.router,
    arrivals.router,
    lights.router,
    rates.router,
    forecast.router,
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
    stale.router,
    imports.router,
    workspaces.router,
)
