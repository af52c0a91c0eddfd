"""How a query's verdict becomes an answer or a domain error, in one table."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, Self, TypeVar

from service import errors
from service.lane import AGAIN, LOCKED

log = logging.getLogger(__name__)

Row = TypeVar("Row")
Shown = TypeVar("Shown")
Next = TypeVar("Next")

Refused = Callable[[str, str | None], errors.DomainError | None]


class Answer(NamedTuple):
    """A JSON document, the version it shows (0: it has none), and whether it was given before."""

    body: str
    version: int = 0
    replayed: bool = False

    @classmethod
    def of(cls, document: Mapping[str, Any] | Sequence[Any], version: int = 0) -> Self:
        """The answer that shows this as JSON."""
        return cls(json.dumps(document, ensure_ascii=False, separators=(",", ":")), version)


class Page(NamedTuple, Generic[Shown, Next]):
    """A page of a list, as a JSON array (None: the asker knows it) or as rows; where the next page
    begins, None at the end; and the tag of the array."""

    body: Shown
    next: Next | None
    tag: str = ""

    @classmethod
    def of(
        cls, rows: Sequence[Row], limit: int, key: Callable[[Row], Next]
    ) -> "Page[Sequence[Row], Next]":
        """A page of so many rows at most, of those there are from its beginning on: one more is
        enough. The next page begins after the key of the last one."""
        more = len(rows) > limit
        return Page(rows[:limit], key(rows[limit - 1]) if more else None)


NOTHING = Answer("")


def tag(version: str, provider_version: int) -> str:
    """The tag of what shows its provider's name and clock as well, which change on their own: a
    provider that was never changed is not in it, so that it is the one that the writes answer."""
    return version if provider_version == 1 else f"{version}-{provider_version}"


NO_APPOINTMENT = "There is no such appointment."  # which is said of somebody else's, too
NO_CUSTOMER = "There is no such customer."
NO_SERIES = "There is no such series."
NO_HOLD = "There is no such hold."
NO_PROVIDER = "There is no such provider."
NO_SERVICE = "There is no such service."
NO_SLOT = "There is no such slot."
SAID = {
    "no_customer": NO_CUSTOMER,
    "no_hold": NO_HOLD,
    "no_service": NO_SERVICE,
    "no_slot": NO_SLOT,
    "not_approved": "This appointment has not been approved yet.",
    "not_found": NO_APPOINTMENT,
}
DONE = frozenset({"booked", "held", "confirmed", "moved", "ended", "changed"})

REFUSED: Mapping[str, type[errors.DomainError]] = {
    "already_booked": errors.AlreadyBooked,
    "approval_needed": errors.ApprovalNeeded,
    "busy": errors.Busy,
    "closed": errors.Closed,
    "forbidden": errors.PermissionDenied,
    "key_in_flight": errors.KeyInFlight,
    "key_reused": errors.KeyReused,
    "hold_expired": errors.HoldExpired,
    "limit_reached": errors.LimitReached,
    "no_customer": errors.NotFound,
    "no_hold": errors.NotFound,
    "no_service": errors.NotFound,
    "no_slot": errors.NotFound,
    "not_active": errors.NotActive,
    "not_approved": errors.NotActive,
    "not_found": errors.NotFound,
    "not_offered": errors.NotOffered,
    "not_pending": errors.NotPending,
    "off_grid": errors.OffGrid,
    "party_too_large": errors.PartyTooLarge,
    "same_slot": errors.SameSlot,
    "slot_in_past": errors.SlotInPast,
    "slot_in_use": errors.SlotInUse,
    "stale": errors.PreconditionFailed,
    "too_early": errors.TooEarly,
    "too_far": errors.TooFar,
    "too_late": errors.TooLate,
    "too_soon": errors.TooSoon,
}


def ruled(verdict: str, body: str | None, version: int | None) -> Answer:
    """The Answer that the verdict of a query stands for, or its error, which is raised."""
    result = judged(verdict, body, version)
    if isinstance(result, Answer):
        return result
    raise result


def judged(verdict: str, body: str | None, version: int | None) -> Any:
    """What a lane gives one item of its set: the Answer, the error to raise, AGAIN or LOCKED."""
    if verdict in DONE:
        return Answer(body or "", version or 0)
    if verdict == "replayed":
        return Answer(body or "", version or 0, replayed=True)
    if verdict == "slot_taken":
        return errors.SlotTaken(body or "[]")
    if verdict == "overlap":
        return errors.LimitReached(limit=verdict)
    if verdict == "again":
        return AGAIN
    if verdict == "locked":
        return LOCKED
    return REFUSED[verdict](SAID.get(verdict))


def judged_all(rows: Iterable[Sequence[Any]], refused: Refused | None = None) -> list[Any]:
    """The results of a set, from rows of (n, verdict, body, version) in the order of n; `refused`
    makes the errors that say more than their name."""
    try:
        return [
            (refused and refused(verdict, body)) or judged(verdict, body, version)
            for _, verdict, body, version in rows
        ]
    except Exception as error:
        # The set is committed: a lane that took this for a spoiled one would decide it twice.
        log.exception("a verdict could not be read")
        raise errors.OutcomeUnknown from error
