"""What the world says and sees of identities: who a person is to the issuer of tokens."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import In, Out

Issuer = Annotated[
    str,
    Field(
        min_length=1,
        max_length=300,
        description="As tokens name it (`iss`).",
        examples=["https://login.example.com"],
    ),
]
Subject = Annotated[
    str, Field(min_length=1, max_length=255, description="As tokens name it (`sub`).")
]


class IdentityIn(In):
    issuer: Issuer
    subject: Subject
    person_id: UUID


class IdentityOut(Out):
    id: UUID
    issuer: str
    subject: str
    person_id: UUID
    created_at: datetime
