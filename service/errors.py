"""What can go wrong, in the words of the domain. Knows no HTTP; http/problems.py does."""

from collections.abc import Mapping, Sequence


class DomainError(Exception):
    """Something this service refuses or can't do; `detail` is a sentence for a person. `index` is
    that of what was refused, where several things were asked for together."""

    code = "error"
    title = "Error"
    detail = "Something went wrong."
    index: int | None = None

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.detail)
        self.detail = detail or self.detail


class InvalidRequest(DomainError):
    code = "invalid"
    title = "Invalid request"
    detail = "The request is not valid."


class InvalidFields(InvalidRequest):
    """Some fields are missing or wrong; `errors` holds the messages of each by its name."""

    detail = "Some fields are missing or not valid."

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self.errors = {field: list(messages) for field, messages in errors.items()}


class NotAuthenticated(DomainError):
    code = "not_authenticated"
    title = "Not authenticated"
    detail = "Authentication credentials were not provided."


class InvalidToken(DomainError):
    code = "invalid_token"
    title = "Invalid token"
    detail = "Invalid token."


class WrongCredentials(DomainError):
    code = "wrong_credentials"
    title = "Wrong credentials"
    detail = "Unable to log in with provided credentials."


class PermissionDenied(DomainError):
    code = "permission_denied"
    title = "Permission denied"
    detail = "You do not have permission to perform this action."


class NotFound(DomainError):
    code = "not_found"
    title = "Not found"
    detail = "Not found."


class SlotTaken(DomainError):
    """`alternatives` is JSON text: up to 3 next free slots, read when the slot was refused. Of a
    service, `times` has up to 3 next times instead, `role` is what nobody is free for, and
    `remaining` how many places there are, too few for who comes."""

    code = "slot_taken"
    title = "Slot taken"
    detail = "This slot is no longer free."

    def __init__(
        self,
        alternatives: str = "[]",
        *,
        times: str | None = None,
        role: str | None = None,
        remaining: int = 0,
    ) -> None:
        free = "This time is no longer free." if role is None else f"No {role} is free then."
        super().__init__(None if times is None else free)
        self.alternatives, self.times, self.remaining = alternatives, times, remaining


class AlreadyBooked(DomainError):
    """The person has as many places of the slot as its `per_person` allows."""

    code = "already_booked"
    title = "Already booked"
    detail = "This slot is booked for this person already."


class SameSlot(DomainError):
    code = "same_slot"
    title = "Same slot"
    detail = "The appointment is already in this slot."


class NotActive(DomainError):
    code = "not_active"
    title = "Not active"
    detail = "This appointment has already ended."


class HoldExpired(DomainError):
    """`held` says as JSON what it was that was held."""

    code = "hold_expired"
    title = "Hold expired"
    detail = "This hold has run out."

    def __init__(self, detail: str | None = None, held: str = "{}") -> None:
        super().__init__(detail)
        self.held = held


class NotPending(DomainError):
    code = "not_pending"
    title = "Not pending"
    detail = "This appointment does not wait for approval."


class UsernameTaken(DomainError):
    code = "username_taken"
    title = "Username taken"
    detail = "A user with that username already exists."


class SlotOverlap(DomainError):
    code = "slot_overlap"
    title = "Slot overlap"
    detail = "The slot overlaps another slot of this provider."


class SlotInUse(DomainError):
    code = "slot_in_use"
    title = "Slot in use"
    detail = "There are appointments in this slot."


class Busy(DomainError):
    code = "busy"
    title = "Busy"
    detail = "Another change of the same thing is under way. Try again."


class KeyInFlight(DomainError):
    code = "idempotency_in_flight"
    title = "Request in flight"
    detail = "A request with this Idempotency-Key is still running. Ask again in a moment."


class KeyReused(DomainError):
    code = "idempotency_key_reused"
    title = "Idempotency-Key reused"
    detail = "This Idempotency-Key has been used for another request."


class PreconditionFailed(DomainError):
    code = "precondition_failed"
    title = "Precondition failed"
    detail = "It was changed since you read it."


class CursorExpired(DomainError):
    """`oldest` is the first event after which all are still kept, `head` the last one there is."""

    code = "cursor_expired"
    title = "Cursor expired"
    detail = "What came after that event is not kept any more, or there is no such event."

    def __init__(self, oldest: int = 0, head: int = 0) -> None:
        super().__init__()
        self.oldest, self.head = oldest, head


class PreconditionRequired(DomainError):
    code = "precondition_required"
    title = "Precondition required"
    detail = "Say in If-Match which version you have seen."


class SlotInPast(DomainError):
    code = "slot_in_past"
    title = "Slot in the past"
    detail = "This slot has already begun."


class TooEarly(DomainError):
    code = "too_early"
    title = "Too early"
    detail = "This appointment has not begun yet."


class TooLate(DomainError):
    code = "too_late"
    title = "Too late"
    detail = "It is too late to change this appointment."


class Closed(DomainError):
    code = "closed"
    title = "Closed"
    detail = "The provider is not open for this service at that time."


class OffGrid(DomainError):
    code = "off_grid"
    title = "Off the grid"
    detail = "This service does not begin at that time."


class TooSoon(DomainError):
    code = "too_soon"
    title = "Too soon"
    detail = "This service has to be booked earlier than that."


class TooFar(DomainError):
    code = "too_far"
    title = "Too far ahead"
    detail = "This service can't be booked that far ahead."


class ApprovalNeeded(DomainError):
    code = "approval_needed"
    title = "Approval needed"
    detail = "Staff approve appointments for this service: ask for a time of it."


class NotOffered(DomainError):
    code = "not_offered"
    title = "Not offered"
    detail = "This provider does not offer this service."


class SeriesConflict(DomainError):
    """`dates` tells of each date whether it could be booked, and why not."""

    code = "series_conflict"
    title = "Series conflict"
    detail = "Some dates of the series can't be booked, so none was."

    def __init__(self, dates: Sequence[Mapping[str, object]] = ()) -> None:
        super().__init__()
        self.dates = dates


class PartyTooLarge(DomainError):
    code = "party_too_large"
    title = "Party too large"
    detail = "This service does not take so many people at once."


class LimitReached(DomainError):
    """`limit` names which, where there are several: per_day, per_customer_day, per_customer_open,
    overlap for another at that time, open for all that a person has coming, holds and pending for
    what is not confirmed yet, waiting for lines, webhooks, calendar_links, calendars."""

    code = "limit_reached"
    title = "Limit reached"
    detail = "You have as many coming appointments as one person may have."

    def __init__(self, detail: str | None = None, limit: str | None = None) -> None:
        super().__init__(detail or LIMITS.get(limit or ""))
        self.limit = limit


LIMITS = {
    "overlap": "You have another appointment at that time.",
    "per_day": "There are as many appointments on that day as there may be.",
    "per_customer_day": "You have as many appointments for this service on that day as one may.",
    "per_customer_open": "You have as many coming appointments for this service as one may.",
    "calendars": "This provider has as many calendars as it may have.",
    "calendar_links": "You have as many links to calendars as one person may have.",
    "holds": "You hold as many places as one person may.",
    "pending": "You have as many appointments that wait for approval as one person may.",
    "webhooks": "You have as many webhooks as one account may.",
    "waiting": "You stand in as many lines as one person may.",
}


class RateLimited(DomainError):
    """Asked too often; `retry_after` is in seconds. The policy, of so many within any window of
    so many seconds, is the one that has no room."""

    code = "rate_limited"
    title = "Too many requests"
    detail = "Request was throttled. Try again later."

    def __init__(self, retry_after: int, policy: str, limit: int, window: int) -> None:
        super().__init__()
        self.retry_after = retry_after
        self.policy, self.limit, self.window = policy, limit, window


class Unavailable(DomainError):
    """Definitely not done: PostgreSQL, Redis or this process can't take it now.

    `of_one` when only one of those that were decided together may be to blame, `again` when it may
    well be done if it is tried once more at once; `retry_after` is in seconds.
    """

    code = "unavailable"
    title = "Temporarily unavailable"
    detail = "Nothing was done. Try again in a moment."
    of_one = again = False

    def __init__(self, detail: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class UnknownZone(Unavailable):
    """PostgreSQL was asked for the clock of a time zone that it does not know."""


class OutcomeUnknown(DomainError):
    """Sent, perhaps done: the answer was lost."""

    code = "outcome_unknown"
    title = "Outcome unknown"
    detail = (
        "The answer was lost, so this may or may not have been done. "
        "Ask again with the same Idempotency-Key."
    )
    of_one = False
