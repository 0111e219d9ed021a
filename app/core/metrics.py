"""What Prometheus reads at `/metrics`."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class HttpMetrics:
    """Counts and times requests; one registry per application, so that tests do not share one."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "http_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.duration = Histogram(
            "http_request_duration_seconds", "Time to answer.", ["method", "route"], registry=self.registry
        )
        self.in_flight = Gauge("http_requests_in_flight", "Requests being answered.", registry=self.registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Note one answered request."""
        known = method if method in METHODS else "other"
        self.requests.labels(known, route, str(status)).inc()
        self.duration.labels(known, route).observe(seconds)

    def exposition(self) -> bytes:
        """Everything measured, in Prometheus' text format."""
        return generate_latest(self.registry)
