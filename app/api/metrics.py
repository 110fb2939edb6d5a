"""`/metrics`, for the Prometheus of whoever runs the service; no part of the contract."""

from hmac import compare_digest

from fastapi import APIRouter, Request, Response

from app.core.errors import NotFound, Unauthenticated

MEDIA = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def read_metrics(request: Request) -> Response:
    """Counters and gauges of this process, for who knows the token. Not there without a token."""
    metrics, settings = request.app.state.metrics, request.app.state.settings
    if metrics is None:
        raise NotFound(NotFound.NOWHERE)
    wanted = f"Bearer {settings.metrics_token.get_secret_value()}"
    if not compare_digest(request.headers.get("authorization", "").encode(), wanted.encode()):
        raise Unauthenticated("Send the token of the metrics: `Authorization: Bearer …`.")
    return Response(metrics.told(), media_type=MEDIA)
