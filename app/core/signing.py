"""Signatures of webhooks, as Standard Webhooks has them."""

import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from standardwebhooks import Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    return PREFIX + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed(known: Sequence[str], id: UUID, now: datetime, body: bytes) -> dict[str, str]:
    """The headers of one attempt: the event's id, the moment of the attempt, and a signature by
    every secret that is valid."""
    text = body.decode()
    signatures = [Webhook(secret).sign(str(id), now, text) for secret in known]
    return {
        "webhook-id": str(id),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
