"""What became of an appointment, change by change."""

import msgspec

from service.booking.appointment import read
from service.http import cursor
from service.http.base import ApiHandler, endpoint
from service.http.fields import Cursor, Limit
from service.openapi.answers import appointment as answers


class HistoryQuery(msgspec.Struct):
    limit: Limit = 100
    cursor: Cursor = ""


class History(ApiHandler):
    @endpoint("listAppointmentChanges", query=HistoryQuery, answers=(200, list[answers.Change]))
    async def get(self, appointment_id: int) -> None:
        """Every change of an appointment: who, when, from, to.

        Staff of its provider and admins see all of it. To its owner `actor` is the owner's own
        name, or `staff` for any of them, and the `reason` is shown where the appointment was
        cancelled; what staff remark on a no-show or a visit stays among them."""
        query: HistoryQuery = self.query
        after_id = cursor.read(query.cursor, int)
        page = await read.history(
            self.deps, self.actor, appointment_id, after_id=after_id, limit=query.limit
        )
        self.give_page(page)
