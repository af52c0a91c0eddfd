-- Who waits for a time that others have, and who is next.

-- Somebody who waits for a place in a slot, or for a time of a service that begins from an instant to before
-- another, with a provider or anybody: in the order of ids. An offer is a hold, and tells what became of it.
CREATE TABLE waiting (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    account_id   bigint      NOT NULL,
    slot_id      bigint,
    service_id   bigint,
    provider_id  bigint,
    from_at      timestamptz NOT NULL,
    until_at     timestamptz NOT NULL,
    size         integer     NOT NULL DEFAULT 1,
    -- MAX_OPEN_APPOINTMENTS and CUSTOMER_OVERLAP as they were for them.
    max_open     integer     NOT NULL DEFAULT 0,
    no_overlap   boolean     NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT now(),
    hold_id      bigint,
    -- Since when they wait no more, by themselves.
    left_at      timestamptz,
    CONSTRAINT waiting_pkey PRIMARY KEY (id),
    CONSTRAINT waiting_account_fkey FOREIGN KEY (account_id) REFERENCES account (id),
    CONSTRAINT waiting_slot_fkey FOREIGN KEY (slot_id) REFERENCES slot (id),
    CONSTRAINT waiting_service_fkey FOREIGN KEY (service_id) REFERENCES service (id),
    CONSTRAINT waiting_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT waiting_hold_fkey FOREIGN KEY (hold_id) REFERENCES appointment (id),
    CONSTRAINT waiting_for_one CHECK (num_nulls(slot_id, service_id) = 1),
    CONSTRAINT waiting_provider_of_service CHECK (provider_id IS NULL OR service_id IS NOT NULL),
    CONSTRAINT waiting_from_before_until CHECK (from_at < until_at),
    CONSTRAINT waiting_size_sane CHECK (size BETWEEN 1 AND 1000)
);

-- A hold is the offer of one.
CREATE UNIQUE INDEX waiting_hold ON waiting (hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX waiting_account ON waiting (account_id, id);

-- The lines in which they stand while they wait, one for each day in UTC, so that the first of ten thousand is
-- found at once. 0 stands for no slot, no service, anybody.
CREATE TABLE waiting_line (
    slot_id      bigint NOT NULL,
    service_id   bigint NOT NULL,
    provider_id  bigint NOT NULL,
    day          date   NOT NULL,
    waiting_id   bigint NOT NULL,
    CONSTRAINT waiting_line_pkey PRIMARY KEY (slot_id, service_id, provider_id, day, waiting_id),
    CONSTRAINT waiting_line_waiting_fkey FOREIGN KEY (waiting_id) REFERENCES waiting (id)
);

CREATE FUNCTION waiting_day(at timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (at AT TIME ZONE 'UTC')::date;

-- The days on which somebody waits.
CREATE FUNCTION waiting_days(waiting waiting) RETURNS TABLE (day date)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT waiting_day(waiting.from_at) + after.days
      FROM generate_series(0, waiting_day(waiting.until_at) - waiting_day(waiting.from_at)) AS after (days);
END;

-- What has become of who waits.
CREATE FUNCTION waiting_status(waiting waiting, hold appointment) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN waiting.hold_id IS NULL AND waiting.left_at IS NOT NULL THEN 'left'
    WHEN waiting.hold_id IS NULL AND waiting.until_at <= now() THEN 'over'
    WHEN waiting.hold_id IS NULL THEN 'waiting'
    WHEN status_now(hold.status, hold.expires_at) = 'held' THEN 'offered'
    WHEN is_hold(hold.status) THEN 'passed'
    ELSE 'accepted'
END;

-- How many wait for the same, those before somebody and themselves: of a service whose time with somebody would
-- do for either.
CREATE FUNCTION place_in_line(one waiting) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
RETURN 1 + (
    SELECT count(*)
      FROM (SELECT DISTINCT stand.waiting_id
              FROM waiting_days(one) AS waited
              JOIN waiting_line AS stand
                ON stand.slot_id = coalesce(one.slot_id, 0)
               AND stand.service_id = coalesce(one.service_id, 0)
               AND stand.day = waited.day
               AND stand.waiting_id < one.id
             WHERE one.provider_id IS NULL
                OR stand.provider_id IN (0, one.provider_id)) AS before
      JOIN waiting ON waiting.id = ANY (ARRAY[before.waiting_id])
     WHERE waiting.from_at < one.until_at
       AND waiting.until_at > one.from_at);

-- What somebody waits for, as they see it.
CREATE TYPE waiting_document AS (
    id          bigint,
    status      text,
    position    bigint,
    hold        bigint,
    expires_at  timestamptz,
    slot        bigint,
    service     bigint,
    provider    bigint,
    "from"      timestamptz,
    "to"        timestamptz,
    size        integer
);

CREATE FUNCTION waiting_document(waiting waiting, hold appointment) RETURNS waiting_document
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    waiting.id,
    waiting_status(waiting, hold),
    CASE WHEN waiting_status(waiting, hold) = 'waiting' THEN place_in_line(waiting) END,
    CASE WHEN waiting_status(waiting, hold) IN ('offered', 'accepted') THEN hold.id END,
    CASE WHEN waiting_status(waiting, hold) = 'offered' THEN hold.expires_at END,
    waiting.slot_id, waiting.service_id, waiting.provider_id,
    CASE WHEN waiting.slot_id IS NULL THEN waiting.from_at END,
    CASE WHEN waiting.slot_id IS NULL THEN waiting.until_at END,
    waiting.size
)::waiting_document;

-- The next in line after somebody, for a slot or for a time of its service that begins with it, who comes
-- with so many people at most. Each line is read no further than to the first who fits.
CREATE FUNCTION next_in_line(slot slot, places integer, after_id bigint) RETURNS SETOF waiting
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT waiting.*
      FROM (VALUES (slot.id, 0::bigint, 0::bigint),
                   (0, slot.service_id, slot.provider_id),
                   (0, slot.service_id, 0)) AS line (slot_id, service_id, provider_id)
     CROSS JOIN LATERAL (
           SELECT one.id
             FROM waiting_line AS stand
             JOIN waiting AS one ON one.id = ANY (ARRAY[stand.waiting_id])
            WHERE stand.slot_id = line.slot_id
              AND stand.service_id = line.service_id
              AND stand.provider_id = line.provider_id
              AND stand.day = waiting_day(slot.starts_at)
              AND stand.waiting_id > after_id
              AND one.from_at <= slot.starts_at
              AND one.until_at > slot.starts_at
              AND one.size <= places
            ORDER BY stand.waiting_id
            LIMIT 1
     ) AS first
      JOIN waiting ON waiting.id = ANY (ARRAY[first.id])
     ORDER BY waiting.id
     LIMIT 1;
END;

-- A line is joined alone, and by nobody from the look for who is first in it to the end of the transaction that
-- frees: who joins stands there before that look, or after all of it. True once it is got.
CREATE FUNCTION line_lock(slot_id bigint, service_id bigint, alone boolean) RETURNS boolean
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT num_nulls(CASE WHEN alone THEN pg_advisory_xact_lock(line.key)
                          ELSE pg_advisory_xact_lock_shared(line.key)
                     END) = 0
      FROM (SELECT CASE WHEN slot_id <> 0 THEN hashtextextended('slot', slot_id)
                        ELSE hashtextextended('service', service_id)
                   END AS key) AS line;
END;

-- Until when a place of a slot would be offered to somebody; NULL where less than a minute is left for that.
CREATE FUNCTION offer_until(slot slot) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT offer.ends_at
      FROM (SELECT 1) AS this
      LEFT JOIN service ON service.id = ANY (ARRAY[slot.service_id])
     CROSS JOIN LATERAL (
           SELECT least(now() + make_interval(mins => coalesce(service.offer_minutes, 60)),
                        slot.starts_at - make_interval(mins => coalesce(service.lead_minutes, 0))) AS ends_at
     ) AS offer
     WHERE offer.ends_at >= now() + interval '1 minute');

-- Whether somebody waits for what runs out in a slot. It is theirs then, and never free in between.
CREATE FUNCTION is_awaited(slot_id bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM slot
     CROSS JOIN LATERAL next_in_line(slot, slot.capacity, 0) AS next
     WHERE slot.id = is_awaited.slot_id
       AND offer_until(slot) IS NOT NULL);
