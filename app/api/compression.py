"""Smaller answers for those who take gzip."""

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Answers that hold a secret beside what the caller wrote: their size would tell about it.
SECRETS = ("/v1/api_keys", "/v1/webhook_endpoints", "/v1/stream_tokens")
WORTH_IT = 1024
# Half of the work of the highest level for almost all of its effect.
LEVEL = 5


class Compression(GZipMiddleware):
    """Of the bytes alone: the ETag of an answer is the same with and without."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, minimum_size=WORTH_IT, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        secret = scope["type"] == "http" and scope["path"].startswith(SECRETS)
        await (self.app if secret else super().__call__)(scope, receive, _varying_once(send))


def _varying_once(send: Send) -> Send:
    """Answers to questions say already that they vary with the encoding, compressed or not."""

    async def told(message: Message) -> None:
        headers = MutableHeaders(raw=message.get("headers", []))
        if "vary" in headers:
            headers["Vary"] = ", ".join(dict.fromkeys(headers["vary"].split(", ")))
        await send(message)

    return told
