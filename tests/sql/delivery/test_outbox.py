"""Whatever writes tells what it has changed, in its transaction; or it is named here, and why."""

import re

import pytest

from service.store.queries import WAITING
from tests.sql.desk import QUERIES, Desk
from tests.sql.samples import samples

SILENT = {
    "account_change_password": "nobody else's business",
    "account_create": "nobody is anybody's customer yet",
    "account_rename": "names are in no event",
    "account_set_disabled": "nobody else's business",
    "account_set_key": "a spelling",
    "account_set_password": "nobody else's business",
    "account_set_role": "nobody else's business",
    "account_set_words": "for searching",
    "appointment_desk_admit": "only for the booking that comes next",
    "appointment_desk_note": "of a booking that was told, by whom and why",
    "calendar_link_create": "nobody else's business",
    "calendar_link_delete": "nobody else's business",
    "calendar_link_use": "nobody else's business",
    "calendar_source_claim": "when it is asked for next",
    "calendar_source_create": "it says nothing yet",
    "calendar_source_delete": "calendar_source_replace tells what is free again",
    "calendar_source_failed": "what it said stands",
    "calendar_source_refresh": "when it is asked for next",
    "calendar_source_told": "calendar_source_replace tells what it says",
    "customer_change": "names are in no event",
    "customer_create": "names are in no event",
    "customer_merge": "the events of one become the other's",
    "delivery_claim": "events on their way",
    "delivery_make": "events on their way",
    "delivery_prune": "events on their way",
    "delivery_replay": "events on their way",
    "event_forget": "the log itself",
    "event_number": "the log itself",
    "event_renew": "the log itself",
    "idempotency_expire": "answers that were given",
    "idempotency_keep": "answers that were given",
    "moves_keep": "answers that were given",
    "moves_put_aside": "only until the moves that come next are told",
    "moves_settle": "undoes what moves_put_aside did",
    "opening_promise_anew": "provider_change tells",
    "opening_replace": "what was told of hours, made into instants",
    "series_create": "its appointments are told",
    "service_change": "service_keep tells",
    "service_create": "service_keep tells",
    "service_lock_providers": "service_keep tells",
    "service_retire": "service_keep tells",
    "service_staff": "service_keep tells",
    "waitlist_join": "nobody is offered anything yet",
    "waitlist_leave": "whoever is in line is told by what becomes of the hold",
    "webhook_change": "its owner's business",
    "webhook_create": "its owner's business",
    "webhook_delete": "its owner's business",
    "webhook_enable": "its owner's business",
    "webhook_replay": "events on their way",
    "webhook_rotate": "its owner's business",
    "webhook_test": "no event",
}
# What their samples ask for changes nothing; but there they tell it.
ELSEWHERE = {
    "appointment_keep",
    "appointment_move",
    "calendar_source_block",
    "calendar_source_tell",
    "provider_set_clock",
}
TELLS = ("INSERT INTO outbox", "INSERT INTO appointment_history")
WRITES = re.compile(r"\bINSERT INTO\b|\bDELETE FROM\b|\bUPDATE \w+(?: AS \w+)?\s+SET\b")
WRITING = sorted(name for name, query in QUERIES.items() if WRITES.search(query.text))


@pytest.mark.parametrize("name", WRITING)
def test_each_query_that_writes_tells_what_it_has_changed(name: str, desk: Desk) -> None:
    plain = name.removesuffix(WAITING)
    parameters = samples(desk)[plain]
    before = desk.one("SELECT coalesce(max(id), 0) FROM outbox")
    desk.cursor.execute(QUERIES[name].text, parameters)
    told = desk.one("SELECT count(*) FROM outbox WHERE id > %s", before) > 0
    if plain in ELSEWHERE:
        assert any(words in QUERIES[name].text for words in TELLS)
    else:
        assert told == (plain not in SILENT), SILENT.get(plain)


def test_all_that_are_silent_write() -> None:
    assert SILENT.keys() <= {name.removesuffix(WAITING) for name in WRITING}
