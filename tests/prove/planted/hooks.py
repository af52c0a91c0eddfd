"""Bugs in webhooks: what somebody should hear of is lost, or comes in another order."""

from datetime import timedelta

from service.booking.delivery import retry, send
from service.booking.delivery.send import Claim, Outcome
from service.deps import Deps
from tests.prove.planted.ground import Ground, bug

QUIET = "none"  # no fault is needed


@bug("I38", QUIET)
def retry_lost(ground: Ground) -> None:
    """What is not taken at once is never sent again."""

    def never(attempts: int, asked: float = 0.0) -> float | None:
        return None

    ground.put(retry, "wait", never)


@bug("I38", QUIET)
def second_before_first(ground: Ground) -> None:
    """An event of an appointment goes out while the one before it has not been taken."""
    ground.edit("delivery_claim", "AND earlier.status = 'pending'", "AND false")


@bug("I38", "server-killed")
def settled_before_sent(ground: Ground) -> None:
    """A delivery is settled before it goes out: who is killed in between has lost it."""
    claim = send.claim

    async def settled(deps: Deps, most: int, ahead: timedelta = send.NOW) -> list[Claim]:
        claims = await claim(deps, most, ahead)
        if claims:
            taken = [
                Outcome(one.id, one.lease, one.webhook_id, "delivered", None, None, 0, 200,
                        None, None, None)
                for one in claims
            ]  # fmt: skip
            await send.settle(deps, taken)
        return claims

    ground.put(send, "claim", settled)
