"""What there is to learn: of each kind of lessons how a story teaches them, and what is kept."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from app.core.work import Work
from app.domain.facts import Story, story
from app.domain.lessons import keeping
from app.schemas.scopes import Business


@dataclass(frozen=True, slots=True)
class Reading:
    """The stories of a process at one moment; each kind of business is read once, however many
    lessons are learnt from it. `as_of` and `effective_at` as in `story`."""

    process: Row[Any]
    at: datetime
    as_of: datetime | None = None
    effective_at: datetime | None = None
    stories: dict[Business, Story] = field(default_factory=dict)

    async def story(self, work: Work, business_type: Business = Business.ALL) -> Story:
        if business_type not in self.stories:
            self.stories[business_type] = await story(
                work,
                self.process.id,
                as_of=self.as_of,
                effective_at=self.effective_at,
                business_type=business_type,
            )
        return self.stories[business_type]


@dataclass(frozen=True, slots=True)
class Made:
    """What was learnt for a shape: one content for each row it is kept as, from so many deals."""

    contents: Sequence[Any]
    deals: int


Learn = Callable[[Work, Reading, str], Awaitable[Made]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of lessons: those for shapes that begin with its name, a word.

    `least` are the arrivals a workspace needs before such lessons are kept (asked for anew each
    time), `usual` the shapes that are learnt there whether or not anybody has asked. `rows` says
    of a shape under which shapes, and as what, its contents are kept; `learn` learns them.
    """

    name: str
    least: Callable[[], int]
    usual: Callable[[], Sequence[str]]
    rows: Callable[[str], Mapping[str, Any]]
    learn: Learn


def of_very_large(name: str, content: type, learn: Learn) -> Kind:
    """A kind that is kept as one row for each shape, in very large workspaces; usual is the bare
    question."""
    return Kind(
        name=name,
        least=lambda: keeping.VERY_LARGE,
        usual=lambda: [name],
        rows=lambda shape: {shape: content},
        learn=learn,
    )


def named(shape: str) -> str:
    """The name of the kind that a shape is of."""
    return shape.partition(" ")[0]
