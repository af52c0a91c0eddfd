"""Moving several appointments at once."""

from typing import Annotated, Any

from msgspec import Meta

from service import errors
from service.booking.appointment.move_time import SAME_PROVIDER
from service.booking.appointment.sets.moves import Move, move_all
from service.handlers import nested
from service.handlers.appointment.book import TIME_REFUSALS
from service.http import fields
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body, Id, Instant, ProviderId
from service.openapi.answers import appointment as answers

FEWEST, MOST = 2, 20
EITHER = "Either new_slot or starts_at is required."
Version = Annotated[
    int,
    Meta(ge=1, le=2**31 - 1, description="What the ETag said: it must not have changed since."),
]


class MoveBody(Body):
    """To another slot, or to another time of its service, with the same provider unless another is
    named."""

    appointment: Id
    new_slot: Id | None = None
    starts_at: Instant | None = None
    provider: ProviderId | None = None
    version: Version | None = None


SWAP = [{"appointment": 17, "new_slot": 8}, {"appointment": 18, "new_slot": 5}]
MoveBodies = Annotated[list[MoveBody], Meta(min_length=FEWEST, max_length=MOST, examples=[SWAP])]


class Moves(ApiHandler):
    @endpoint(
        "moveAppointments",
        body=MoveBodies,
        answers=(200, list[answers.MovedTogether], list[answers.MovedTogetherExpanded]),
        raises=(
            errors.NotFound,
            errors.SlotTaken,
            errors.AlreadyBooked,
            errors.SameSlot,
            errors.NotActive,
            errors.SlotInPast,
            errors.ApprovalNeeded,
            errors.TooLate,
            *TIME_REFUSALS,
            errors.Busy,
            errors.PermissionDenied,
            errors.PreconditionFailed,
        ),
    )
    async def post(self) -> None:
        """Move 2 to 20 appointments, all or none.

        It is as if all of them left at one moment, and arrived at the next: they may change places,
        and what one leaves another may take. Nobody ever sees a part of it. A refusal tells the
        `index` of the move that it is about, from 0."""
        moves = [self.move(n, body) for n, body in enumerate(self.body)]
        moved = await move_all(self.deps, self.actor, moves, expand=self.expand, key=self.key)
        self.give(200, moved)

    def move(self, index: int, body: MoveBody) -> Move:
        """The body as the rules take it. Raises InvalidFields, PreconditionRequired."""
        to = body.new_slot if body.starts_at is None else body.starts_at
        if to is None or body.new_slot is not None is not body.starts_at:
            raise errors.InvalidFields({f"{index}.new_slot": [EITHER]})
        if body.provider is not None and body.starts_at is None:
            raise errors.InvalidFields({f"{index}.provider": ["It goes with starts_at."]})
        if body.version is None and self.deps.settings.require_if_match:
            raise errors.PreconditionRequired("Say in version which one you have seen.")
        return Move(body.appointment, to, body.provider or SAME_PROVIDER, body.version or 0)

    def read(self, kind: Any) -> Any:
        """So many moves."""
        value = fields.decode(bytes(self._chunks))
        if not isinstance(value, list) or not FEWEST <= len(value) <= MOST:
            raise errors.InvalidRequest(f"An array of {FEWEST} to {MOST} moves was expected.")
        return nested.convert_all(value, MoveBody, self.convert)
