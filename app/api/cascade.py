"""The cascade of stated numbers."""

from fastapi import APIRouter

from app.api.door import needs
from app.domain import cascade
from app.domain.access import Scope
from app.schemas.cascade import (
    CascadeIn,
    CascadeOut,
    SimulationIn,
    SimulationOut,
    cascade_out,
    simulation_out,
)

router = APIRouter(tags=["cascade"])


@router.post("/cascade", dependencies=[needs(Scope.FORECAST_READ)])
async def compute_cascade(asked: CascadeIn) -> CascadeOut:
    """What every milestone must receive so that the target arrives at the last one."""
    currency = cascade.currency_of(asked)
    found = cascade.of_request(asked)
    return cascade_out(found, currency, net=cascade.net_of_request(asked, found))


@router.post("/cascade/simulate", dependencies=[needs(Scope.FORECAST_READ)])
async def simulate_cascade(asked: SimulationIn) -> SimulationOut:
    """The same target with other rates, and what one more point in each section is worth."""
    currency = cascade.currency_of(asked)
    return simulation_out(cascade.simulated(asked), currency)
