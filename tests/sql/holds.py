"""What a desk does with holds."""

import json
from typing import Any


class Holds:
    """The part of a Desk that holds, confirms, and lets time pass."""

    cursor: Any

    def run(self, name: str, /, **parameters: Any) -> list[Any]:
        """The rows of a named query."""
        raise NotImplementedError

    def hold(
        self,
        *wishes: tuple[int, int],
        who: int = 0,
        staff_of: int = 0,
        size: int = 1,
        seconds: int = 60,
        max_open: int = 0,
        no_overlap: bool = False,
        max_holds: int = 5,
        expand: bool = False,
        **keyed: list[str],
    ) -> list[Any]:
        """Each wish is (account, slot)."""
        count = len(wishes)
        return self.run(
            "appointment_hold",
            account_id=[wish[0] for wish in wishes],
            actor_id=[who or wish[0] for wish in wishes],
            staff_of=[staff_of] * count,
            slot_id=[wish[1] for wish in wishes],
            size=[size] * count,
            notes=["Held"] * count,
            seconds=[seconds] * count,
            expand=[expand] * count,
            max_open=max_open,
            no_overlap=no_overlap,
            max_holds=max_holds,
            hold_seconds=600,
            **keyed,
        )

    def held(self, who: int, slot_id: int, **options: Any) -> int:
        """The id of a hold of a slot."""
        [row] = self.hold((who, slot_id), **options)
        assert row.verdict == "held", row
        return int(json.loads(row.body)["id"])

    def confirm(
        self,
        *holds: int,
        who: int,
        staff_of: int = 0,
        notes: str | None = None,
        version: int = 0,
        expand: bool = False,
        **keyed: list[str],
    ) -> list[Any]:
        count = len(holds)
        return self.run(
            "appointment_hold_confirm",
            appointment_id=list(holds),
            notes=[notes] * count,
            version=[version] * count,
            actor_id=[who] * count,
            staff_of=[staff_of] * count,
            expand=[expand] * count,
            **keyed,
        )

    def run_out(self, *appointments: int) -> None:
        """Let holds and requests have run out a while ago; nobody has noticed yet."""
        self.cursor.execute(
            "WITH past AS ("
            "    UPDATE appointment SET expires_at = now() - interval '1 s' WHERE id = ANY (%s)"
            "    RETURNING slot_id, expires_at)"
            " UPDATE slot SET next_expiry = past.expires_at FROM past"
            "  WHERE past.slot_id IN (slot.id, slot.lead_slot_id)",
            [list(appointments)],
        )
