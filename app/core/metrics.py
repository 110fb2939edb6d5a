"""What a process counts of itself, for Prometheus. Loaded only where somebody may look."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# One name for every address that is none of ours: whoever guesses must not make new series.
NOWHERE = "none"


class Metrics:
    """Of one service; each has counters of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "backcast_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "backcast_request_seconds",
            "How long it took to answer.",
            ("method", "route"),
            buckets=SECONDS,
            registry=self.registry,
        )

    def count(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """A request that was answered; `route` is the address without what varies in it."""
        known = route or NOWHERE
        self.requests.labels(method, known, str(status)).inc()
        self.seconds.labels(method, known).observe(seconds)

    def gauge(self, name: str, text: str, ask: Callable[[], float]) -> None:
        """A number that is asked for when somebody looks."""
        Gauge(f"backcast_{name}", text, registry=self.registry).set_function(ask)

    def told(self) -> bytes:
        return generate_latest(self.registry)
