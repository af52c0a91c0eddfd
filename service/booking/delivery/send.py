"""Sends events to webhooks: makes deliveries of them, leases what is due, settles what came of it.

At least once, and of each appointment in order: an event goes out when no earlier one of it is
pending. Whoever dies with a lease loses it after a minute, and the same goes out again under the
same id. No transaction is open while something is sent.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from service.booking.delivery import retry
from service.deps import Deps
from service.senders.http import Unsent
from service.store.arrays import columns

NOW = timedelta(0)  # ahead of the clock; tests don't wait
LEASE = 60  # seconds, above all that sending may take
AT_ONCE = 20  # under way to one webhook
TROUBLE = 5  # failures in a row, from which on it gets one at a time
PROBE = 300  # seconds between these
BAD_DAYS, BAD_HOURS = 5, 12  # taking nothing, and failing, for so long disables it
MOST_PENDING = 1000  # of one webhook; the rest stays in the log
MOST_WEBHOOKS, MOST_EVENTS = 50, 500  # that are read in one go
KEPT_DAYS = 30  # what became of deliveries
PRUNED = 1000  # in one transaction
READ, EXCERPT = 65536, 1024  # bytes of an answer
CLASSES = {3: "redirect", 4: "client_error", 5: "server_error"}
GONE = 410


class Claim(NamedTuple):
    """A delivery that is leased to us, by the database's clock, which the receiver is told, too.
    `overlaps`: the secret before signs as well."""

    id: int
    lease: int
    webhook_id: int
    event_id: int | None
    log: str
    type: str
    attempts: int
    manual: bool
    url: str
    generation: int
    overlaps: bool
    claimed_at: datetime
    at: datetime
    data: str
    included: str | None

    @property
    def message_id(self) -> str:
        """What its receiver knows it by, however often it comes. In a copy of the database the same
        numbers become other events, so the log is named, too."""
        if self.event_id is None:
            return f"evt_test_{self.id}"
        return f"evt_{self.log}_{self.event_id}"

    def body(self) -> bytes:
        """The payload of Standard Webhooks."""
        data = self.data
        if self.included is not None:
            data = f'{data[:-1]},"appointment":{self.included}}}'
        at = self.at.astimezone(UTC).isoformat()
        return f'{{"type":"{self.type}","timestamp":"{at}","data":{data}}}'.encode()


class Made(NamedTuple):
    """How many deliveries, whether there may be more, and whether anybody wants any."""

    made: int
    more: bool
    wanted: bool


class Outcome(NamedTuple):
    """What came of sending: delivered, gone or failed, and why."""

    id: int
    lease: int
    webhook_id: int
    outcome: str
    delay_ms: int | None
    rest_ms: int | None
    ms: int
    status: int | None
    error: str | None
    detail: str | None
    excerpt: str | None


async def make(deps: Deps) -> Made:
    """Make deliveries of events that there are none of yet, of some."""
    row = await deps.db.run(
        "delivery_make",
        trouble=TROUBLE,
        most_pending=MOST_PENDING,
        most_webhooks=MOST_WEBHOOKS,
        most_events=MOST_EVENTS,
    )
    return Made(*row)


async def claim(deps: Deps, most: int, ahead: timedelta = NOW) -> list[Claim]:
    """Lease so many deliveries that are due."""
    rows = await deps.db.run(
        "delivery_claim",
        most=most,
        at_once=AT_ONCE,
        trouble=TROUBLE,
        lease_seconds=LEASE,
        ahead=ahead,
    )
    return [Claim(*row) for row in rows]


async def send(deps: Deps, one: Claim) -> Outcome:
    """Send one, and see what comes of it; nothing is kept of that yet."""
    began = time.monotonic()
    body = one.body()
    generations = [one.generation, one.generation - 1][: 1 + one.overlaps]
    signed = deps.signer.headers(
        one.webhook_id, generations, one.message_id, int(one.claimed_at.timestamp()), body
    )
    headers = {"Content-Type": "application/json", **signed}
    asked = 0.0
    status = excerpt = error = detail = None
    try:
        answer = await deps.http.send("POST", one.url, headers, body, most=READ)
    except Unsent as unsent:
        error, detail = unsent.kind, str(unsent)
    else:
        status = answer.status
        excerpt = answer.body[:EXCERPT].decode(errors="replace").replace("\0", "\ufffd")
        asked = retry.asked(answer.headers.get("retry-after", ""), one.claimed_at)
        error = None if status // 100 == 2 else CLASSES.get(status // 100, "malformed")
    outcome = "delivered" if error is None else "gone" if status == GONE else "failed"
    delay = None if outcome != "failed" else retry.wait(one.attempts + 1, asked)
    return Outcome(
        one.id,
        one.lease,
        one.webhook_id,
        outcome,
        None if delay is None else int(delay * 1000),
        int(min(asked, retry.LONGEST) * 1000) if error and asked else None,
        int((time.monotonic() - began) * 1000),
        status,
        error,
        detail,
        excerpt,
    )


async def settle(deps: Deps, outcomes: Sequence[Outcome], ahead: timedelta = NOW) -> set[int]:
    """Keep what came of some deliveries, at least one, as far as they are still ours: which."""
    rows: Sequence[Sequence[Any]] = await deps.db.run(
        "delivery_settle",
        **columns(outcomes),
        ahead=ahead,
        trouble=TROUBLE,
        probe_seconds=PROBE,
        bad_days=BAD_DAYS,
        bad_hours=BAD_HOURS,
    )
    return {delivery_id for (delivery_id,) in rows}


async def prune(deps: Deps) -> None:
    """Forget what became of deliveries long ago."""
    while True:
        row = await deps.db.run("delivery_prune", days=KEPT_DAYS, most=PRUNED)
        if row.gone < PRUNED:
            return
