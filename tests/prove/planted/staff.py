"""Bugs in what staff of one provider may do."""

from service.booking.actor import EVERYWHERE, Actor
from tests.prove.planted.ground import Ground, bug

QUIET = "none"  # no fault is needed


@bug("I11", QUIET)
def provider_is_admin(ground: Ground) -> None:
    """Staff of one provider are staff of all."""

    def staff_of(self: Actor) -> int:
        return 0 if self.role == "customer" else EVERYWHERE

    ground.put(Actor, "staff_of", property(staff_of))


@bug("I11", QUIET)
def any_staff_may_look(ground: Ground) -> None:
    """Staff of any provider may look at an appointment."""
    ground.edit("appointment_get", "OR is_staff(slot, %(staff_of)s::bigint)",
                "OR %(staff_of)s::bigint <> 0")  # fmt: skip


@bug("I11", QUIET)
def moved_to_anybody(ground: Ground) -> None:
    """Staff may move people to a provider that is not theirs."""
    ground.edit(
        "appointment_move",
        "WHEN appointment.account_id <> item.actor_id AND NOT is_staff(target, item.staff_of)",
        "WHEN false",
    )


@bug("I10", QUIET)
def provider_is_nobody(ground: Ground) -> None:
    """Staff of a provider may do no more than customers."""

    def staff_of(self: Actor) -> int:
        return EVERYWHERE if self.role == "admin" else 0

    ground.put(Actor, "staff_of", property(staff_of))
