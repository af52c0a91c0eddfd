"""Bugs in what is allowed and in what is shown: nothing is booked twice, and yet it is wrong."""

import base64
import urllib.parse
from typing import Any

import msgspec

from service.access import sessions
from service.handlers.appointment.appointments import Appointments
from service.http import cursor, problems
from service.http.base import ApiHandler
from tests.prove.planted.ground import Ground, bug

QUIET = "none"  # no fault is needed


@bug("I19", QUIET)
def move_into_closed(ground: Ground) -> None:
    """An appointment can be moved into a slot that is closed."""
    free = "slot_status(target) <> 'free'"
    ground.edit("appointment_move", f"WHEN {free}", "WHEN target.booked >= target.capacity")


@bug("I19", QUIET)
def begun_is_booked(ground: Ground) -> None:
    """What has begun can be booked."""
    ground.edit("appointment_book", "WHEN slot.starts_at <= now() THEN 'slot_in_past'", "")


@bug("I19", QUIET)
def notice_ignored(ground: Ground) -> None:
    """Customers can cancel until the very beginning."""
    ground.edit(
        "appointment_end",
        "<= now() + notice_of(slot, %(notice)s::interval)",
        "<= now() - %(notice)s::interval",
    )


@bug("I19", QUIET)
def if_match_ignored(ground: Ground) -> None:
    """Nobody looks at If-Match."""

    async def anything(self: ApiHandler, current: Any) -> int:
        return 0

    ground.put(ApiHandler, "if_match", anything)


@bug("I20", QUIET)
def expand_shows_before(ground: Ground) -> None:
    """Who books and asks for the whole slot sees it as it was."""
    after = "(SELECT row_to_json(slot_full(counted.after, provider)) FROM counted"
    ground.edit(
        "appointment_book",
        f"{after} WHERE (counted.after).id = booked.slot_id)",
        "row_to_json(slot_full(queued.slot, provider))",
    )


@bug("I20", QUIET)
def old_slot_is_new(ground: Ground) -> None:
    """Who moves is told the new slot twice."""
    ground.edit(
        "appointment_move", "ELSE to_json(moved.from_slot_id)", "ELSE to_json(moved.to_slot_id)"
    )


@bug("I20", QUIET)
def staff_see_anothers_list(ground: Ground) -> None:
    """The list of a provider is that of the next one."""
    mine = "slot.provider_id = asked.provider_id"
    ground.edit("appointment_list_provider", mine, f"{mine} + 1")


@bug("I11 I20", QUIET)
def staff_list_names_another(ground: Ground) -> None:
    """In a provider's list each appointment is somebody else's."""
    ground.edit(
        "appointment_list_provider",
        "account.id = ANY (ARRAY[appointment.account_id])",
        "account.id = ANY (ARRAY[appointment.account_id % 200 + 1])",
    )


@bug("I20", QUIET)
def link_drops_filter(ground: Ground) -> None:
    """The link to the next page forgets what was asked for."""

    def link(self: ApiHandler, end: Any) -> None:
        given = {"limit": self.query.limit, "cursor": cursor.written(end)}
        target = f"{self.request.path}?{urllib.parse.urlencode(given)}"
        self.set_header("Link", f'<{target}>; rel="next"')

    ground.put(ApiHandler, "link_next", link)


@bug("I6 I8 I9 I11", QUIET)
def unchanged_whatever_is_known(ground: Ground) -> None:
    """Whoever names any version, another's too, hears that nothing has changed."""
    had = ApiHandler.has

    def has(self: ApiHandler, etag: str) -> bool:
        return self.request.headers.get("If-None-Match") is not None or had(self, etag)

    ground.put(ApiHandler, "has", has)


@bug("I20", QUIET)
def history_names_the_owner(ground: Ground) -> None:
    """In a history the owner of the appointment has done everything."""
    ground.edit(
        "appointment_history",
        "JOIN account ON account.id = ANY (ARRAY[change.actor_id])",
        "JOIN appointment AS its ON its.id = change.appointment_id"
        " JOIN account ON account.id = its.account_id",
    )


@bug("I20", QUIET)
def history_an_hour_later(ground: Ground) -> None:
    """In a history everything was done an hour later than it was."""
    ground.edit("appointment_history", "page.at,", "page.at + interval '1 hour',")


@bug("I20", QUIET)
def alternatives_of_another(ground: Ground) -> None:
    """Who comes too late is offered slots of another provider."""
    ground.edit(
        "appointment_book",
        "lost.provider_id, lost.starts_at, %(slot_id)s::bigint[]) AS slot",
        "lost.provider_id + 1, lost.starts_at, %(slot_id)s::bigint[]) AS slot",
    )


@bug("I20", QUIET)
def alternatives_before(ground: Ground) -> None:
    """Who comes too late for a move is offered what begins before."""
    ground.edit(
        "appointment_move",
        "lost.provider_id, lost.starts_at, %(to_slot_id)s::bigint[]) AS slot",
        "lost.provider_id, lost.starts_at - interval '1 week', %(to_slot_id)s::bigint[]) AS slot",
    )


@bug("I20", QUIET)
def wall_clock_in_utc(ground: Ground) -> None:
    """The clock on the wall shows UTC, wherever the wall is."""
    ground.sql.append(
        "CREATE OR REPLACE FUNCTION wall_clock(at timestamptz, zone text) RETURNS text"
        " LANGUAGE sql STABLE PARALLEL SAFE RETURN to_char(at AT TIME ZONE 'UTC', 'HH24:MI')"
    )


@bug("I20", QUIET)
def no_retry_after(ground: Ground) -> None:
    """Who asks too often is not told when to come back."""
    headers = problems.headers

    def without(error: Any) -> dict[str, str]:
        return {name: told for name, told in headers(error).items() if name != "Retry-After"}

    ground.put(problems, "headers", without)


@bug("I10 I11", QUIET)
def key_of_all(ground: Ground) -> None:
    """A key that another account has used is used for everybody."""
    ground.edit(
        "appointment_book",
        "ON stored.account_id = ANY (ARRAY[item.account_id]) AND stored.key",
        "ON stored.key",
    )


@bug("I20", QUIET)
def page_begins_with_the_last(ground: Ground) -> None:
    """Each page of a calendar begins with the last slot of the page before."""
    ground.edit("slot_list_provider", "THEN item.after_id ELSE 0", "THEN item.after_id - 1 ELSE 0")


@bug("I20", QUIET)
def created_is_ok(ground: Ground) -> None:
    """A booking is answered with 200."""
    give = ApiHandler.give

    def give_ok(self: ApiHandler, status: int, answer: Any) -> None:
        give(self, 200 if isinstance(self, Appointments) else status, answer)

    ground.put(ApiHandler, "give", give_ok)


@bug("I14", QUIET)
def token_without_end(ground: Ground) -> None:
    """A token that nobody uses lives for ever."""
    issue = sessions.Sessions.issue

    async def issue_for_ever(
        self: Any, account_id: int, username: str, role: str, provider_id: int
    ) -> str:
        token = await issue(self, account_id, username, role, provider_id)
        await self._redis.persist(sessions._key(token))
        return token

    ground.put(sessions.Sessions, "issue", issue_for_ever)


@bug("I17 I21", QUIET)
def made_up_cursor_is_an_error(ground: Ground) -> None:
    """A cursor that we did not write is a bug of ours."""
    ground.put(cursor, "read", _read)


def _read(text: str, kind: Any) -> Any:
    padded = text + "=" * (-len(text) % 4)
    return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=kind) if text else kind()
