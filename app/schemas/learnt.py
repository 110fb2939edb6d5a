"""What the world sees of how an answer came by what it knows of the past."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.schemas.base import Out


class LearntOut(Out):
    """From what rates and all else that the past teaches was learnt: from everything known at the
    moment of the `question`, or, where there is much of it, by a `lesson` kept since."""

    source: Literal["question", "lesson"]
    as_of: Annotated[datetime, Field(description="What was known at this moment is in it.")]
    deals: Annotated[int, Field(description="From how many opportunities, open or not.")]
