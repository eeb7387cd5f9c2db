"""What the service counts, in the format of Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from earmark.identify.admission import Admission
from earmark.identify.verdict import Verdict

SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)  # upper bounds of the histogram's buckets


class Figures:
    """Counts of one service."""

    media_type = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self, admission: Admission) -> None:
        """Begin to count.

        Args:
            admission: Of the service.
        """
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)  # memory, processor time, open files
        self._requests = Counter(
            "earmark_requests", "Answers of /identify.", ["status"], registry=self._registry
        )
        self._verdicts = Counter("earmark_verdicts", "Verdicts.", ["verdict"], registry=self._registry)
        self._seconds = Histogram(
            "earmark_request_seconds",
            "From the arrival of a request to its answer.",
            buckets=SECONDS,
            registry=self._registry,
        )
        inside = Gauge("earmark_requests_inside", "Waiting or worked on.", registry=self._registry)
        inside.set_function(lambda: admission.inside)

    def answered(self, status: int, seconds: float) -> None:
        """Count an answer.

        Args:
            status: Of HTTP.
            seconds: Since the request arrived.
        """
        self._requests.labels(str(status)).inc()
        self._seconds.observe(seconds)

    def judged(self, verdict: Verdict) -> None:
        """Count a verdict."""
        self._verdicts.labels(verdict.label).inc()

    def text(self) -> bytes:
        """All counts as Prometheus reads them."""
        return generate_latest(self._registry)
