"""One appointment as a file that every calendar opens."""

from service.booking.delivery import feed
from service.http.base import ApiHandler, endpoint
from service.openapi.answers.delivery import calendar as answers

TAG = "Calendars", "Appointments in people's own calendars, and what is in those."


class Invite(ApiHandler):
    media = "text/calendar; charset=utf-8"
    tail = b""  # it has its own

    @endpoint("getInvite", answers=(200, answers.Calendar))
    async def get(self, appointment_id: int) -> None:
        """An appointment as an iCalendar file, without its notes.

        Its `UID` stays the same for ever and its `SEQUENCE` rises with every change, so a newer
        file takes the place of an older one."""
        found = await feed.invite(self.deps, self.actor, appointment_id)
        name = f"appointment-{appointment_id}.ics"
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.answer(200, found.text, etag=found.tag)
