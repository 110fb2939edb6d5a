"""What a PATCH says nothing about, told from what it sets to null (RFC 7396)."""

from typing import Any

from pydantic import Field

# The default of every field of a PATCH; read the model with `model_dump(exclude_unset=True)`.
# Made by a factory, so that the contract does not show null where null is refused.
ABSENT: Any = Field(default_factory=lambda: None)
