"""A first proposal of a process, read from the stage history that another system kept."""

from app.engine.infer.ends import Ending, Source
from app.engine.infer.histories import Step
from app.engine.infer.names import End, SellerAct, end_by_name, is_pause, seller_act
from app.engine.infer.proposal import Doubt, Proposal, Proposed, Warned, infer

__all__ = [
    "Doubt",
    "End",
    "Ending",
    "Proposal",
    "Proposed",
    "SellerAct",
    "Source",
    "Step",
    "Warned",
    "end_by_name",
    "infer",
    "is_pause",
    "seller_act",
]
