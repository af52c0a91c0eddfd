"""What became of an appointment, change by change."""

import msgspec

from service.booking.appointment import read
from service.http.base import ApiHandler, endpoint
from service.http.fields import Id, Limit
from service.openapi.answers import appointment as answers


class HistoryQuery(msgspec.Struct):
    limit: Limit = 100
    cursor: Id = 0


class History(ApiHandler):
    @endpoint("listAppointmentChanges", query=HistoryQuery, answers=(200, list[answers.Change]))
    async def get(self, appointment_id: int) -> None:
        """Every change of an appointment: who, when, from, to.

        Staff of its provider and admins see all of it. To its owner `actor` is the owner's own
        name, or `staff` for any of them, and the `reason` is shown where the appointment was
        cancelled; what staff remark on a no-show or a visit stays among them."""
        query: HistoryQuery = self.query
        page = await read.history(
            self.deps, self.actor, appointment_id, after_id=query.cursor, limit=query.limit
        )
        if page.next is not None:
            self.link_next(str(page.next))
        self.answer(200, page.body)
