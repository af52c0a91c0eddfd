"""Bugs in times of services: taken twice, at the wrong hour, by the wrong people, told wrongly."""

from typing import Any

from service.settings import ROOT
from service.store.postgres import Postgres
from tests.prove.planted.ground import Ground, bug

QUIET = "none"  # no fault is needed
SCHEMA = ROOT / "sql" / "schema"


def function(name: str, *changes: tuple[str, str]) -> str:
    """A function of the schema with other pieces of text, in the place of the one there is."""
    source = "".join(path.read_text() for path in sorted(SCHEMA.glob("*.sql")))
    start = source.index(f"CREATE FUNCTION {name}(")
    following = source.find("\nCREATE ", start + 1)
    text = source[start : following if following > 0 else len(source)]
    for old, new in changes:
        assert text.count(old) >= 1, f"not in {name}: {old}"
        text = text.replace(old, new)
    return text.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


def without_a_net(ground: Ground) -> None:
    """No constraint has the last word on what overlaps; of published slots it has."""
    ground.sql.append("""
ALTER TABLE slot
      DROP CONSTRAINT slot_no_overlap,
       ADD CONSTRAINT slot_no_overlap EXCLUDE USING gist (
               provider_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
               WHERE (deleted_at IS NULL AND blocks_from IS NULL)""")


@bug("I19 I23", QUIET)
def buffer_ignored(ground: Ground) -> None:
    """Nobody has time between two appointments, and no constraint minds."""
    without_a_net(ground)
    ground.sql.append(
        function(
            "service_terms",
            ("make_interval(mins => service.buffer_before_minutes)", "interval '0'"),
            ("service.duration_minutes + service.buffer_after_minutes", "service.duration_minutes"),
        )
    )


@bug("I9 I19 I25", QUIET)
def closure_not_asked(ground: Ground) -> None:
    """What is closed can be booked as ever."""
    ground.sql.append(
        function(
            "closed_times", ("range_agg(closed.at)", "range_agg(closed.at) FILTER (WHERE false)")
        )
    )


@bug("I24 I1", QUIET)
def time_left_behind(ground: Ground) -> None:
    """The slot of a time stays when the last one has cancelled."""
    ground.edit(
        "appointment_end",
        "deleted_at = CASE WHEN is_over(slot, freed.size) THEN now() END",
        "deleted_at = NULL",
    )


@bug("I19 I23", QUIET)
def room_given_twice(ground: Ground) -> None:
    """Any room will do, whoever is in it."""
    without_a_net(ground)
    ground.sql.append(function("rooms_at", ("NOT busy.times && block", "true")))


@bug("I9 I10 I19 I27", QUIET)
def limit_counted_in_utc(ground: Ground) -> None:
    """The days of a limit are those of Greenwich."""
    ground.sql.append(function("full_days", ("wall_zone(provider)", "'UTC'")))


@bug("I23", QUIET)
def override_without_a_name(ground: Ground) -> None:
    """History does not say what staff overrode."""
    ground.edit(
        "appointment_book_time",
        "queued.reason, queued.overrides FROM booked",
        "queued.reason, NULL::text[] FROM booked",
    )


@bug("I4 I26", QUIET)
def hours_that_cancel(ground: Ground) -> None:
    """New hours cancel the appointments with a provider."""
    ground.edit(
        "schedule_replace",
        "DELETE FROM schedule_rule WHERE",
        """WITH gone AS (
               UPDATE appointment SET status = 'cancelled', version = appointment.version + 1
                 FROM slot
                WHERE slot.id = appointment.slot_id AND appointment.status = 'booked'
                  AND slot.provider_id = %(provider_id)s::bigint
               RETURNING appointment.slot_id)
           UPDATE slot SET booked = 0, deleted_at = now(), version = slot.version + 1
             FROM gone WHERE slot.id = gone.slot_id;
           DELETE FROM schedule_rule WHERE""",
    )


@bug("I29", QUIET)
def anybody_is_the_first(ground: Ground) -> None:
    """Who asks for anybody gets the provider with the lowest id."""
    ground.edit(
        "appointment_book_time",
        "candidate.served, candidate.last_at NULLS FIRST, candidate.provider_id) AS rank",
        "candidate.provider_id) AS rank",
    )


@bug("I29", QUIET)
def turn_not_given_back(ground: Ground) -> None:
    """Whoever is cancelled on is as if served."""
    ground.edit(
        "appointment_end",
        "served = served.served - back.count * 100.0 / served.weight",
        "served = served.served",
    )


@bug("I4 I24", QUIET)
def dry_run_leaves_a_row(ground: Ground) -> None:
    """What is only tried is done."""
    transaction = Postgres.transaction

    def kept(self: Postgres, *, keep: bool = True) -> Any:
        return transaction(self, keep=True)

    ground.put(Postgres, "transaction", kept)


@bug("I1 I7", QUIET)
def party_counts_as_one(ground: Ground) -> None:
    """However many come, one place is taken."""
    ground.edit(
        "appointment_book_time",
        "(queued.service).capacity, queued.size, (queued.service).id",
        "(queued.service).capacity, 1, (queued.service).id",
    )


@bug("I9 I25", QUIET)
def list_with_a_lead_too_short(ground: Ground) -> None:
    """The list shows what has to be booked earlier."""
    ground.sql.append(function("service_times", ("known.earliest", "now()")))


@bug("I20", QUIET)
def times_in_utc(ground: Ground) -> None:
    """The clock of a time shows UTC, wherever its provider is."""
    ground.sql.append(function("time_shown", ("wall_zone(provider)", "'UTC'")))


@bug("I20", QUIET)
def promised_in_utc(ground: Ground) -> None:
    """What the wall was to show is kept as UTC has it."""
    ground.edit(
        "appointment_book_time",
        "queued.starts_at AT TIME ZONE wall_zone(queued.provider), queued.overrides",
        "queued.starts_at AT TIME ZONE 'UTC', queued.overrides",
    )


@bug("I27 I19", QUIET)
def open_limit_ignored(ground: Ground) -> None:
    """A person may have any number of appointments for a service."""
    ground.sql.append(
        function("limit_met", ("service.per_customer_open <= of_service", "of_service < 0"))
    )


@bug("I19", QUIET)
def moved_after_the_notice(ground: Ground) -> None:
    """Customers move a time until the very beginning."""
    ground.edit("appointment_move_time", "THEN 'too_late'", "AND false THEN 'too_late'")


@bug("I9", QUIET)
def explain_forgets_limits(ground: Ground) -> None:
    """Explain knows nothing of what a person has already."""
    ground.edit(
        "time_explain",
        "%(account_id)s::bigint, service, verdict.refusals",
        "0::bigint, service, verdict.refusals",
    )
