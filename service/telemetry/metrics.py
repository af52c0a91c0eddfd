"""The instruments: what is observed as it happens, in one registry per application.

Whatever is only a count or a level is kept as a plain number where it happens and read at a
scrape (process/scrape.py). Durations and sizes need buckets, so they come here as they happen.
"""

import functools
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import prometheus_client
import tornado
from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)

from service import __version__

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_PLAIN_0_0_4

# When each series began is of use to nobody here and would double the exposition.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

REQUEST_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SHORT_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
BATCH_ITEMS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
DELIVERY_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 600.0, 3600.0, 86_400.0)
HASH_SECONDS = (0.005, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5)


class Seen(NamedTuple):
    """The series of one kind of answer, looked up once."""

    requests: Counter
    seconds: Histogram
    outcome: Counter | None


class Metrics:
    """All instruments of one application; `exposition` also asks whatever was registered."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._requests = self._counter(
            "http_requests", "Answered requests.", "route", "method", "status"
        )
        self._request_seconds = self._histogram(
            "http_request_duration_seconds",
            "Time from a request's first line to its answer.",
            REQUEST_SECONDS,
            "route",
            "method",
        )
        self._outcomes = self._counter(
            "outcomes",
            "What became of bookings, holds, moves, endings and logins: done, or the error's code.",
            "action",
            "outcome",
        )
        self._batch_items = self._histogram(
            "lane_batch_items", "Items decided together in one batch.", BATCH_ITEMS, "lane"
        )
        self._wait_seconds = self._histogram(
            "lane_wait_seconds",
            "How long the first item of each batch had waited.",
            SHORT_SECONDS,
            "lane",
        )
        self._statement_seconds = self._histogram(
            "postgres_statement_duration_seconds",
            "Time from sending a named query to its rows.",
            SHORT_SECONDS,
            "query",
        )
        self.hash_seconds = self._histogram(
            "bcrypt_duration_seconds", "Time in bcrypt, without the queue.", HASH_SECONDS
        )
        self._webhook_attempts = self._counter(
            "webhook_attempts", "Webhooks sent, by what went wrong, or none.", "error"
        )
        self._webhook_lag = self._histogram(
            "webhook_lag_seconds",
            "Time from an event to when a webhook took it at once.",
            DELIVERY_SECONDS,
        )
        self.loop_lag = self._histogram(
            "event_loop_lag_seconds",
            "How much later than asked the event loop came back.",
            SHORT_SECONDS,
        )
        build = Info("booking_build", "What is running.", registry=self.registry)
        build.info(
            {
                "version": __version__,
                "python": platform.python_version(),
                "tornado": tornado.version,
            }
        )

    def seen(self, route: str, method: str, status: int, action: str, outcome: str) -> Seen:
        """The series of one kind of answer; an action of "" has no outcome that is counted."""
        return Seen(
            self._requests.labels(route, method, str(status)),
            self._request_seconds.labels(route, method),
            self._outcomes.labels(action, outcome) if action else None,
        )

    def batches(self, lane: str) -> Callable[[int, float], None]:
        """What a lane calls per batch, with its size and the first item's wait."""
        items, seconds = self._batch_items.labels(lane), self._wait_seconds.labels(lane)

        def observe(size: int, waited: float) -> None:
            items.observe(size)
            seconds.observe(waited)

        return observe

    def statements(self) -> Callable[[str, float], None]:
        """What PostgreSQL's border calls per message, with the query's name and its time."""
        series = functools.cache(self._statement_seconds.labels)
        return lambda query, seconds: series(query).observe(seconds)

    def webhook_sent(self, at: datetime, error: str, *, first: bool) -> None:
        """Count an attempt to send an event that happened then; none: it was taken, `first` if it
        had not been tried before."""
        self._webhook_attempts.labels(error).inc()
        if first and error == "none":
            self._webhook_lag.observe((datetime.now(UTC) - at).total_seconds())

    def exposition(self) -> str:
        """All figures in Prometheus' text format."""
        return generate_latest(self.registry).decode()

    def _counter(self, name: str, help: str, *labels: str) -> Counter:
        return Counter(f"booking_{name}", help, labels, registry=self.registry)

    def _histogram(
        self, name: str, help: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(f"booking_{name}", help, labels, buckets=buckets, registry=self.registry)
