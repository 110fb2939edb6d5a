"""What the world sees when something goes wrong (RFC 9457), and of what can go wrong at all."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.errors import catalogue
from app.schemas.base import Out

CODES = sorted({kind.code for kind in catalogue()})


class Fault(BaseModel):
    """One thing wrong with a request: in the body (`pointer`) or in a parameter."""

    pointer: Annotated[
        str | None, Field(description="JSON Pointer, RFC 6901.", examples=["/value/currency"])
    ] = None
    parameter: Annotated[str | None, Field(examples=["limit"])] = None
    code: Annotated[str, Field(description="Never changes.", examples=["unknown_currency"])]
    detail: Annotated[str, Field(examples=["'EURO' is not an ISO 4217 code"])]


class Problem(BaseModel):
    """Every error, in one form. Decide by `code`; the sentences are for people and may change."""

    type: Annotated[
        str,
        Field(
            description="Where the kind of problem is explained.",
            examples=["/problems/validation-failed"],
        ),
    ]
    title: Annotated[str, Field(description="In the language of the request.")]
    status: int
    code: Annotated[
        str,
        Field(
            description="Never changes; new ones may come.",
            examples=["validation-failed"],
            json_schema_extra={"x-extensible-enum": [*CODES]},
        ),
    ]
    detail: Annotated[str, Field(description="What is wrong this time.")]
    instance: Annotated[str, Field(examples=["/v1/opportunities"])]
    request_id: Annotated[UUID, Field(description="The same as in the header X-Request-Id.")]
    errors: Annotated[
        list[Fault] | None, Field(description="Every fault, where more can be said.")
    ] = None


class ProblemKindOut(Out):
    """A kind of problem: what it means and what to do about it."""

    type: Annotated[str, Field(examples=["/problems/precondition-failed"])]
    code: Annotated[str, Field(examples=["precondition-failed"])]
    status: int
    title: str
    meaning: str
    remedy: str
