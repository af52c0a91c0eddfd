-- Calendars of somebody else close a provider's time.
-- serves: 17
CREATE TABLE calendar_source (
    id            bigint GENERATED ALWAYS AS IDENTITY,
    provider_id   bigint      NOT NULL,
    actor_id      bigint      NOT NULL,
    kind          text        NOT NULL DEFAULT 'ics',
    url           text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    -- When it is asked for again, and was last.
    next_at       timestamptz NOT NULL DEFAULT now(),
    tried_at      timestamptz,
    -- When it last said something that could be used, and what it says of that version of it.
    last_ok_at    timestamptz,
    etag          text,
    modified      text,
    -- Of what it said when it was last read, and when that was.
    digest        text,
    read_at       timestamptz,
    -- Since when it says that nothing is there any more, where much was: it has to say so twice.
    doubted_at    timestamptz,
    -- How often it has failed since, and what is wrong with it, in a sentence.
    failures      integer     NOT NULL DEFAULT 0,
    error         text,
    CONSTRAINT calendar_source_pkey PRIMARY KEY (id),
    CONSTRAINT calendar_source_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT calendar_source_kind_known CHECK (kind = 'ics'),
    CONSTRAINT calendar_source_url_length CHECK (char_length(url) BETWEEN 1 AND 2000)
);

CREATE INDEX calendar_source_provider ON calendar_source (provider_id, id);
CREATE INDEX calendar_source_next ON calendar_source (next_at, id);

ALTER TABLE closure
    ADD COLUMN source_id bigint,
    ADD CONSTRAINT closure_source_fkey FOREIGN KEY (source_id) REFERENCES calendar_source (id);

CREATE INDEX closure_written ON closure (provider_id, ends_at) WHERE source_id IS NULL;
CREATE INDEX closure_source ON closure (source_id, starts_at) WHERE source_id IS NOT NULL;

ALTER TABLE slot ADD COLUMN blocked_at timestamptz;

CREATE OR REPLACE FUNCTION slot_status(slot slot) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN slot.closed OR slot.blocked_at IS NOT NULL THEN 'busy-unavailable'
    WHEN taken(slot) < slot.capacity THEN 'free'
    WHEN slot.next_expiry IS NULL THEN 'busy'
    ELSE 'busy-tentative'
END;

-- These give whole slots, with their new column.
CREATE OR REPLACE FUNCTION free_slots_near(provider_id bigint, near timestamptz, except_ids bigint[])
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

CREATE OR REPLACE FUNCTION shared_slot(service_id bigint, provider_id bigint, at timestamptz, except_slot_id bigint)
RETURNS SETOF slot
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT slot.*
      FROM slot
     WHERE slot.provider_id = shared_slot.provider_id
       AND slot.starts_at = shared_slot.at
       AND num_nulls(slot.deleted_at) = 1
       AND slot.service_id = shared_slot.service_id
       AND slot.lead_slot_id IS NULL
       AND (slot.capacity > 1 OR NOT is_made(slot))
       AND slot.id <> except_slot_id
       AND NOT has_run_out(slot)
     ORDER BY slot.id
     LIMIT 1;
END;

CREATE OR REPLACE FUNCTION time_verdict(
    service service, provider provider, at timestamptz, size integer, except_slot_id bigint
) RETURNS TABLE (
    refusals text[], slot_id bigint, ends_at timestamptz, block tstzrange, rooms bigint[], missing text, local_day date
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN shared.id IS NOT NULL
                THEN shared_refusals(
                         shared.starts_at, shared.ends_at, size <= service.party_max, terms.earliest,
                         terms.last_day, coalesce(opening.day, asked.local_day), closed.times,
                         NOT shared.closed AND taken(shared) + size <= shared.capacity)
                ELSE time_refusals(
                         at, asked.ends_at, asked.block, size <= service.party_max, terms.earliest,
                         terms.last_day, asked.local_day, opening.day, opening.ends_at,
                         date_bin(terms.step, at, opening.anchor_at) = at,
                         closed.times, full_days.days, busy.times, rooms.missing)
           END,
           shared.id, coalesce(shared.ends_at, asked.ends_at), asked.block,
           CASE WHEN num_nulls(shared.id) = 1 THEN rooms.ids END,
           CASE WHEN num_nulls(shared.id) = 1 THEN rooms.missing END,
           asked.local_day
      FROM service_terms(service, provider) AS terms
     CROSS JOIN LATERAL (
           SELECT at + terms.duration AS ends_at,
                  tstzrange(at - terms.before, at + terms.after) AS block,
                  (at AT TIME ZONE terms.zone)::date AS local_day
           OFFSET 0
     ) AS asked
      LEFT JOIN LATERAL shared_slot(service.id, provider.id, at, except_slot_id) AS shared ON true
      LEFT JOIN LATERAL opening_at(provider.id, service.id, at) AS opening ON true
     CROSS JOIN LATERAL closed_times(
               provider, at, coalesce(shared.ends_at, asked.ends_at)) AS closed
     CROSS JOIN LATERAL full_days(service, provider, at, at, except_slot_id) AS full_days
     CROSS JOIN LATERAL busy_times(
               provider.id, lower(asked.block), upper(asked.block), except_slot_id) AS busy
     CROSS JOIN LATERAL (
           SELECT array_agg(room.provider_id) AS ids,
                  min(room.role) FILTER (WHERE num_nulls(room.provider_id) = 1) AS missing
             FROM rooms_at(service.id, asked.block, except_slot_id) AS room
     ) AS rooms;
END;

CREATE OR REPLACE FUNCTION places_left(slot_id bigint) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT slot.capacity - taken(slot)
      FROM slot
     WHERE slot.id = places_left.slot_id
       AND taken(slot) < slot.capacity
       AND NOT slot.closed
       AND slot.blocked_at IS NULL);

CREATE OR REPLACE FUNCTION room_in(slot slot) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN slot.closed OR slot.blocked_at IS NOT NULL THEN 0
    WHEN slot.deleted_at IS NULL THEN slot.capacity - slot.booked
    WHEN is_made(slot) AND slot.deleted_at = now() THEN slot.capacity
    ELSE 0
END;

DROP TRIGGER slot_offers ON slot;

CREATE CONSTRAINT TRIGGER slot_offers AFTER UPDATE ON slot
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW
    WHEN (NEW.lead_slot_id IS NULL
          AND (NEW.booked < OLD.booked OR NEW.capacity > OLD.capacity OR (OLD.closed AND NOT NEW.closed)
               OR (OLD.blocked_at IS NOT NULL AND NEW.blocked_at IS NULL)))
    EXECUTE FUNCTION offer_freed();

-- Whether a calendar of somebody else has some of a provider's time.
CREATE FUNCTION is_blocked(provider_id bigint, from_at timestamptz, until_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM closure
     WHERE closure.provider_id = is_blocked.provider_id
       AND closure.source_id IS NOT NULL
       AND closure.ends_at > from_at
       AND closure.starts_at < until_at);

CREATE TYPE calendar_source_document AS (
    id           bigint,
    provider     bigint,
    kind         text,
    host         text,
    status       text,
    events       bigint,
    last_ok_at   timestamptz,
    next_at      timestamptz,
    error        text
);

CREATE FUNCTION calendar_source_document(source calendar_source) RETURNS calendar_source_document
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    source.id,
    source.provider_id,
    source.kind,
    substring(source.url FROM '^[a-z]+://([^/?#]+)'),
    CASE
        WHEN coalesce(source.last_ok_at, source.created_at) < now() - interval '24 hours' THEN 'stale'
        WHEN source.failures > 0 THEN 'failing'
        WHEN source.last_ok_at IS NULL THEN 'waiting'
        ELSE 'ok'
    END,
    (SELECT count(*) FROM closure WHERE closure.source_id = source.id),
    source.last_ok_at,
    source.next_at,
    source.error
)::calendar_source_document;
