-- Slots as clients see them, and what is free in them.

-- The documents that clients see. PostgreSQL writes the JSON itself: row_to_json() of these types
-- keeps their order and costs less than fetching rows and encoding them again.
CREATE TYPE slot_brief AS (id bigint, start_time text, end_time text);

CREATE TYPE slot_named AS (id bigint, start_time text, end_time text, provider text);

CREATE TYPE slot_full AS (
    id           bigint,
    start_time   text,
    end_time     text,
    provider     text,
    provider_id  bigint,
    date         text,
    starts_at    timestamptz,
    ends_at      timestamptz,
    time_zone    text,
    capacity     integer,
    remaining    integer,
    status       text
);

-- What a clock on the wall of this zone shows.
CREATE FUNCTION wall_clock(at timestamptz, zone text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(at AT TIME ZONE zone, 'HH24:MI');

-- What a clock on the wall shows at an instant, in seconds ahead of UTC.
CREATE FUNCTION clock_offset(at timestamptz, zone text) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN extract(epoch FROM (at AT TIME ZONE zone) - (at AT TIME ZONE 'UTC'))::integer;

-- Whose clock a provider's slots are shown by.
CREATE FUNCTION wall_zone(provider provider) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(provider.clock, provider.time_zone);

CREATE FUNCTION slot_brief(slot slot, provider provider) RETURNS slot_brief
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    slot.id,
    wall_clock(slot.starts_at, wall_zone(provider)),
    wall_clock(slot.ends_at, wall_zone(provider))
)::slot_brief;

CREATE FUNCTION slot_named(slot slot, provider provider) RETURNS slot_named
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    slot.id,
    wall_clock(slot.starts_at, wall_zone(provider)),
    wall_clock(slot.ends_at, wall_zone(provider)),
    provider.name
)::slot_named;

-- How many people come of the holds and requests in a slot that have run out, and how many those are.
CREATE FUNCTION size_run_out(slot_id bigint) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(sum(appointment.size), 0)::integer
      FROM appointment
     WHERE appointment.slot_id = size_run_out.slot_id
       AND appointment.status <> 'cancelled'
       AND appointment.place > 0
       AND coalesce(appointment.expires_at <= now(), false);
END;

CREATE FUNCTION count_run_out(slot_id bigint) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT count(*)::integer
      FROM appointment
     WHERE appointment.slot_id = count_run_out.slot_id
       AND appointment.status <> 'cancelled'
       AND appointment.place > 0
       AND coalesce(appointment.expires_at <= now(), false);
END;

-- Whether anybody is in a slot who has not run out.
CREATE FUNCTION somebody_stays(slot_id bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM appointment
     WHERE appointment.slot_id = somebody_stays.slot_id
       AND appointment.status <> 'cancelled'
       AND appointment.place > 0
       AND (appointment.expires_at > now() OR appointment.expires_at IS NULL));

-- How many places of a slot are taken, whether or not those who have run out were tidied away; theirs are, by
-- whoever waits for them. Of nearly all slots nothing can run out, and nothing is looked up.
CREATE FUNCTION taken(slot slot) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN slot.booked - CASE
    WHEN slot.next_expiry <= now()
    THEN CASE WHEN is_awaited(slot.id) THEN 0 ELSE size_run_out(slot.id) END
    ELSE 0
END;

-- The same of its version, which rises by one for each of them.
CREATE FUNCTION slot_version_now(slot slot) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN slot.version + CASE WHEN slot.next_expiry <= now() THEN count_run_out(slot.id) ELSE 0 END;

-- Whether all have run out whom a slot was made for, and nobody waits for it: then nothing of it is left.
CREATE FUNCTION has_run_out(slot slot) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN slot.next_expiry <= now() AND slot.blocks_from IS NOT NULL
    THEN NOT somebody_stays(coalesce(slot.lead_slot_id, slot.id))
         AND NOT is_awaited(coalesce(slot.lead_slot_id, slot.id))
    ELSE false
END;

-- The words of FHIR and iCalendar; tentative is what may become free again by itself.
CREATE FUNCTION slot_status(slot slot) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN slot.closed OR slot.blocked_at IS NOT NULL THEN 'busy-unavailable'
    WHEN taken(slot) < slot.capacity THEN 'free'
    WHEN slot.next_expiry IS NULL THEN 'busy'
    ELSE 'busy-tentative'
END;

-- Whether an actor keeps this slot's calendar: staff_of is a provider's id, -1 for all, 0 for none.
CREATE FUNCTION is_staff(slot slot, staff_of bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN staff_of = -1 OR staff_of = slot.provider_id;

CREATE FUNCTION slot_full(slot slot, provider provider) RETURNS slot_full
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    slot.id,
    wall_clock(slot.starts_at, wall_zone(provider)),
    wall_clock(slot.ends_at, wall_zone(provider)),
    provider.name,
    slot.provider_id,
    to_char(slot.starts_at AT TIME ZONE wall_zone(provider), 'YYYY-MM-DD'),
    slot.starts_at,
    slot.ends_at,
    provider.time_zone,
    slot.capacity,
    slot.capacity - taken(slot),
    slot_status(slot)
)::slot_full;

-- A slot by itself: one that lets a person have several places says how many, one that is of a service
-- which.
CREATE FUNCTION slot_alone(slot slot, provider provider) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN slot.per_person = 1 AND slot.service_id IS NULL
    THEN row_to_json(slot_full(slot, provider))::text
    ELSE left(row_to_json(slot_full(slot, provider))::text, -1)
        || CASE WHEN slot.per_person > 1 THEN ',"per_person":' || slot.per_person ELSE '' END
        || coalesce(',"service":' || slot.service_id, '') || '}'
END;

-- Free places of a slot, as many as are asked for and as there is room for: those of a party but the first
-- look free. Where nobody has booked, nothing is looked up.
CREATE FUNCTION free_places(slot slot, asked bigint) RETURNS SETOF integer
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT place
      FROM generate_series(1, slot.capacity) AS place
     WHERE slot.booked = 0
        OR NOT EXISTS (
               SELECT FROM appointment
                WHERE appointment.slot_id = slot.id
                  AND appointment.place = place.place
                  AND appointment.status <> 'cancelled'
           )
     LIMIT least(asked, slot.capacity - slot.booked);
END;

-- Up to three free slots of a provider that begin after an instant, among the next 200.
CREATE FUNCTION free_slots_near(provider_id bigint, near timestamptz, except_ids bigint[])
RETURNS SETOF slot
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT slot.*
      FROM (SELECT *
              FROM slot
             WHERE slot.provider_id = free_slots_near.provider_id
               AND slot.deleted_at IS NULL
               AND slot.starts_at > greatest(near, now())
             ORDER BY slot.starts_at
             LIMIT 200) AS slot
     WHERE slot_status(slot) = 'free'
       AND NOT has_run_out(slot)
       AND slot.id <> ALL (except_ids)
     ORDER BY slot.starts_at
     LIMIT 3;
END;

-- The ids of a kind of row that this transaction has locked and noted (queries/appointment/book.sql): no ids
-- where it noted none.
CREATE FUNCTION locked(kind text) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('booking.' || kind, true), ''), '{}')::bigint[];

-- Whether this transaction has put an appointment aside, that is in a slot: its set of moves is being
-- decided, and it has not moved yet (queries/appointment/sets/moves.sql).
CREATE FUNCTION is_aside(appointment_id bigint, slot_id bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(
    appointment_id || '@' || slot_id
    = ANY (string_to_array(nullif(current_setting('booking.aside', true), ''), ',')), false);
