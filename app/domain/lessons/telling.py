"""How an answer says from where it knows what the past teaches."""

from app.domain.lessons.keeping import Learnt
from app.schemas.learnt import LearntOut


def learnt_out(learnt: Learnt) -> LearntOut:
    return LearntOut.model_validate(
        {"source": learnt.source, "as_of": learnt.at, "deals": learnt.deals}
    )
