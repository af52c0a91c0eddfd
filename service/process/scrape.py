"""The figures that a scrape reads off the parts: counts and levels they keep as plain numbers."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.deps import Deps
from service.lane import Lane
from service.store import redis

Values = Mapping[str, float] | float


def watch(deps: Deps) -> None:
    """Have the parts tell `deps.metrics` what takes time, and scrapes read the rest off them."""
    metrics = deps.metrics
    for name, lane in _lanes(deps).items():
        lane.on_batch = metrics.batches(name)
    deps.postgres.on_statement = metrics.statements()
    deps.passwords.on_hash = metrics.hash_seconds.observe
    metrics.registry.register(Figures(deps))


class Figures(Collector):
    """Reads the numbers of one application's parts."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def collect(self) -> Iterator[Metric]:
        yield from self._traffic()
        yield from self._lanes()
        yield from self._postgres()
        yield from self._redis()
        yield from self._passwords()
        yield from self._openings()
        yield from self._events()
        yield from self._calendars()
        ended = self._deps.run_out.count
        yield _counter("run_out", "Holds and requests ended by the worker.", ended)

    def _traffic(self) -> Iterator[Metric]:
        traffic, limits = self._deps.traffic, self._deps.limits
        yield _gauge("http_requests_in_flight", "Requests being answered.", traffic.in_flight)
        yield _gauge("ready", "1 while the last look found all well.", float(traffic.ready))
        yield _counter("limiter_refusals", "Requests over a rate limit.", limits.refused, "limit")
        yield _counter(
            "limiter_uncounted", "Requests that Redis could not count.", limits.uncounted
        )

    def _lanes(self) -> Iterator[Metric]:
        lanes = _lanes(self._deps)
        waiting = {name: lane.waiting for name, lane in lanes.items()}
        limits = {name: lane.limit for name, lane in lanes.items()}
        running = {name: lane.running for name, lane in lanes.items()}
        yield _gauge("lane_queue_items", "Items waiting for a batch.", waiting, "lane")
        yield _gauge("lane_queue_limit_items", "Items that may wait.", limits, "lane")
        yield _gauge("lane_batches_in_flight", "Batches being decided.", running, "lane")
        shed = CounterMetricFamily(
            "booking_lane_shed", "Items refused undecided.", labels=["lane", "reason"]
        )
        for name, lane in lanes.items():
            shed.add_metric([name, "full"], lane.refused_full)
            shed.add_metric([name, "late"], lane.refused_late)
        yield shed

    def _postgres(self) -> Iterator[Metric]:
        db, pool = self._deps.postgres, self._deps.postgres.pool
        yield _gauge("postgres_pool_size", "Connections the pool may hold.", pool.size)
        yield _gauge("postgres_pool_in_use", "Connections in use.", pool.in_use)
        yield _gauge("postgres_pool_idle", "Connections open and unused.", pool.idle)
        yield _counter("postgres_pool_waits", "Times all connections were in use.", pool.waits)
        yield _counter("postgres_pool_timeouts", "Waits that were given up.", pool.timeouts)
        yield _counter("postgres_connects", "Connections opened.", pool.connects)
        yield _counter(
            "postgres_connect_failures", "Connections not opened.", pool.connect_failures
        )
        yield _counter("postgres_errors", "Statements that failed.", db.failed, "kind")
        yield _counter("postgres_retries", "Statements sent again.", db.retries)

    def _redis(self) -> Iterator[Metric]:
        locks = self._deps.locks
        pairs = {"taken": locks.taken, "missed": locks.missed}
        yield _counter("redis_errors", "Redis commands that failed.", redis.failed, "kind")
        yield _counter("slot_pair_locks", "Slot pairs locked, or found locked.", pairs, "outcome")

    def _passwords(self) -> Iterator[Metric]:
        passwords = self._deps.passwords
        yield _gauge("bcrypt_queue_items", "Passwords waiting for their turn.", passwords.waiting)
        yield _gauge("bcrypt_queue_limit_items", "Passwords that may wait.", passwords.limit)
        yield _gauge("bcrypt_in_flight", "Passwords being hashed.", passwords.running)
        yield _counter("bcrypt_shed", "Passwords refused unhashed.", passwords.refused)

    def _openings(self) -> Iterator[Metric]:
        outlook = self._deps.outlook
        ahead = math.nan if outlook.days_ahead is None else outlook.days_ahead
        yield _gauge("openings_days_ahead", "Days for which all hours are open.", ahead)
        yield _gauge("slots_off_wall", "Slots at another reading than promised.", outlook.off_wall)

    def _events(self) -> Iterator[Metric]:
        log = self._deps.log
        yield _gauge("events_position", "The last event, as far as was heard.", log.position)
        yield _gauge("events_backlog", "Changes that wait for their number.", log.backlog)
        yield _gauge("events_lag_seconds", "For how long the first of them has.", log.lag)
        yield _gauge("event_streams", "Streams of events that are open.", log.streams)
        yield _counter("event_streams_cut", "Streams cut, since nobody read fast enough.", log.cut)

    def _calendars(self) -> Iterator[Metric]:
        seen = self._deps.calendars
        yield _counter("calendar_looks", "Calendars of others asked for.", seen.looks, "result")
        yield _gauge("calendars_stale", "Of no use for a day, as last counted.", seen.stale)


def _lanes(deps: Deps) -> dict[str, Lane[Any, Any]]:
    return deps.lanes.by_name() | {"session": deps.sessions.lane, "limit": deps.limits.lane}


def _gauge(name: str, help: str, values: Values, label: str = "") -> Metric:
    return _filled(GaugeMetricFamily(f"booking_{name}", help, labels=_labels(label)), values)


def _counter(name: str, help: str, values: Values, label: str = "") -> Metric:
    return _filled(CounterMetricFamily(f"booking_{name}", help, labels=_labels(label)), values)


def _labels(label: str) -> list[str]:
    return [label] if label else []


def _filled(
    family: GaugeMetricFamily | CounterMetricFamily, values: Values
) -> GaugeMetricFamily | CounterMetricFamily:
    if isinstance(values, Mapping):
        for label, value in values.items():
            family.add_metric([label], value)
    else:
        family.add_metric([], values)
    return family
