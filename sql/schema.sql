-- The schema as it is now. People read this file; databases are made by sql/migrations, and a test
-- proves that both come to the same.
--
-- What must never happen is refused here, by constraints, whatever a program does: two appointments
-- in one place, more of them than a slot has places, overlapping slots of one provider.

-- Lets an exclusion constraint compare a bigint beside a range.
CREATE EXTENSION btree_gist;

-- Whoever appointments are with. time_zone is an IANA name: the wall clock its slots are shown on.
CREATE TABLE provider (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    name        text        NOT NULL,
    time_zone   text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- Another zone whose clock it is shown by, where PostgreSQL misreads the name; NULL elsewhere.
    clock       text,
    -- Raised by every change; the ETag, and a part of those of its slots and their appointments.
    version     integer     NOT NULL DEFAULT 1,
    CONSTRAINT provider_pkey PRIMARY KEY (id),
    CONSTRAINT provider_name_length CHECK (char_length(name) BETWEEN 1 AND 200)
);

-- An id that never comes again, not even after going back to an older backup: tokens live elsewhere,
-- and one that outlived its account must not be the next one's. Milliseconds, and a turn within them;
-- below 2^53 for seventy years. Its owner's rights: others may not touch the sequence.
CREATE SEQUENCE account_turn AS integer MINVALUE 0 MAXVALUE 4095 CYCLE;

CREATE FUNCTION new_account_id() RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
RETURN (extract(epoch FROM clock_timestamp() - timestamptz '2025-01-01 00:00:00+00') * 1000)::bigint
       * 4096 + nextval('account_turn');

-- Whoever logs in. password_hash is bcrypt. A provider's account keeps the calendar of provider_id.
CREATE TABLE account (
    id             bigint      NOT NULL DEFAULT new_account_id(),
    username       text        NOT NULL,
    email          text        NOT NULL,
    password_hash  text        NOT NULL,
    role           text        NOT NULL DEFAULT 'customer',
    provider_id    bigint,
    created_at     timestamptz NOT NULL DEFAULT now(),
    -- Since when nobody can log in with it; NULL where one can.
    disabled_at    timestamptz,
    -- What all spellings of the username have in common; NULL until Python has made it, and where an
    -- older account has it: then the very spelling counts. Empty is what gives none.
    username_key   text COLLATE "C" DEFAULT '',
    CONSTRAINT account_pkey PRIMARY KEY (id),
    CONSTRAINT account_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT account_role_known CHECK (role IN ('customer', 'provider', 'admin')),
    CONSTRAINT account_provider_iff_role CHECK ((role = 'provider') = (provider_id IS NOT NULL))
);

ALTER SEQUENCE account_turn OWNED BY account.id;

-- Ada and ada are one person, whatever the locale of the database: Python makes the key.
CREATE UNIQUE INDEX account_username_unique ON account (username_key);
CREATE UNIQUE INDEX account_without_key ON account (username COLLATE "C")
    WHERE username_key IS NULL;

-- For code from before, which looks names up by lower(), and gives no key: letters beyond ASCII are
-- left to Python.
CREATE INDEX account_username_lower ON account (lower(username));

CREATE FUNCTION key_username() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF EXISTS (SELECT FROM account WHERE lower(username) = lower(NEW.username)) THEN
        RAISE unique_violation USING CONSTRAINT = 'account_username_unique';
    END IF;
    NEW.username_key := CASE
        WHEN octet_length(NEW.username) = char_length(NEW.username)
        THEN lower(NEW.username COLLATE "C")
    END;
    RETURN NEW;
END
$$;

CREATE TRIGGER account_key_username BEFORE INSERT ON account
    FOR EACH ROW WHEN (NEW.username_key = '') EXECUTE FUNCTION key_username();

-- A piece of a provider's time, half-open: [starts_at, ends_at).
CREATE TABLE slot (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    provider_id  bigint      NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    capacity     integer     NOT NULL DEFAULT 1,
    -- How many places are taken; kept equal to the rows that are not cancelled, under its row lock.
    booked       integer     NOT NULL DEFAULT 0,
    -- Closed by its provider: nobody can book it.
    closed       boolean     NOT NULL DEFAULT false,
    -- Raised by every change, bookings included; the ETag.
    version      integer     NOT NULL DEFAULT 1,
    -- Deleted slots stay, since the history of appointments points to them.
    deleted_at   timestamptz,
    -- How many of its places one person may have at a time.
    per_person   smallint    NOT NULL DEFAULT 1,
    CONSTRAINT slot_pkey PRIMARY KEY (id),
    CONSTRAINT slot_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT slot_starts_before_ends CHECK (starts_at < ends_at),
    -- Outside of this range drivers can't read an instant back.
    CONSTRAINT slot_within_calendar CHECK (
        starts_at >= '1970-01-01 00:00:00+00' AND ends_at < '9999-01-01 00:00:00+00'
    ),
    CONSTRAINT slot_capacity_sane CHECK (capacity BETWEEN 1 AND 1000),
    CONSTRAINT slot_per_person_sane CHECK (per_person BETWEEN 1 AND 1000),
    CONSTRAINT slot_booked_within_capacity CHECK (booked BETWEEN 0 AND capacity),
    CONSTRAINT slot_no_overlap EXCLUDE USING gist (
        provider_id WITH =, tstzrange(starts_at, ends_at) WITH &&
    ) WHERE (deleted_at IS NULL)
-- Room in each page, so that the counter changes in place without touching an index.
) WITH (fillfactor = 70);

CREATE INDEX slot_starts ON slot (starts_at, id) WHERE deleted_at IS NULL;
CREATE INDEX slot_provider_starts ON slot (provider_id, starts_at, id);

-- One person's place in one slot.
CREATE TABLE appointment (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    slot_id     bigint      NOT NULL,
    -- Which of the slot's places, from 1 to its capacity.
    place       integer     NOT NULL,
    account_id  bigint      NOT NULL,
    status      text        NOT NULL DEFAULT 'booked',
    notes       text        NOT NULL DEFAULT '',
    version     integer     NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT appointment_pkey PRIMARY KEY (id),
    CONSTRAINT appointment_slot_fkey FOREIGN KEY (slot_id) REFERENCES slot (id),
    CONSTRAINT appointment_account_fkey FOREIGN KEY (account_id) REFERENCES account (id),
    CONSTRAINT appointment_place_counts_from_one CHECK (place >= 1),
    CONSTRAINT appointment_status_known CHECK (
        status IN ('booked', 'cancelled', 'fulfilled', 'noshow')
    ),
    CONSTRAINT appointment_notes_length CHECK (char_length(notes) <= 4000)
) WITH (fillfactor = 90);

-- The last word on double booking: only cancelling gives a place back.
CREATE UNIQUE INDEX appointment_one_per_place ON appointment (slot_id, place)
    WHERE status <> 'cancelled';
-- The others of a slot, for its provider's list.
CREATE INDEX appointment_cancelled ON appointment (slot_id, id) WHERE status = 'cancelled';
-- A user's own list, page by page.
CREATE INDEX appointment_account ON appointment (account_id, id);

-- Whether an appointment of this status can still be moved, or come to an end.
CREATE FUNCTION is_open(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status = 'booked';

-- Every change of an appointment: who, when, from where to where. Written in the transaction of the
-- change. Slots and actors carry no foreign key: they are never deleted, and each key would lock
-- their rows once more for every booking.
CREATE TABLE appointment_history (
    id              bigint GENERATED ALWAYS AS IDENTITY,
    appointment_id  bigint      NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    actor_id        bigint      NOT NULL,
    action          text        NOT NULL,
    from_slot_id    bigint,
    to_slot_id      bigint,
    from_status     text,
    to_status       text        NOT NULL,
    reason          text        NOT NULL DEFAULT '',
    CONSTRAINT appointment_history_pkey PRIMARY KEY (id),
    CONSTRAINT appointment_history_appointment_fkey
        FOREIGN KEY (appointment_id) REFERENCES appointment (id),
    CONSTRAINT appointment_history_action_known CHECK (
        action IN ('book', 'reschedule', 'cancel', 'noshow', 'fulfill')
    ),
    CONSTRAINT appointment_history_reason_length CHECK (char_length(reason) <= 500)
);

CREATE INDEX appointment_history_appointment ON appointment_history (appointment_id, id);

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

-- The words of FHIR and iCalendar.
CREATE FUNCTION slot_status(slot slot) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN slot.closed THEN 'busy-unavailable'
    WHEN slot.booked >= slot.capacity THEN 'busy'
    ELSE 'free'
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
    slot.capacity - slot.booked,
    slot_status(slot)
)::slot_full;

-- A slot by itself: one that lets a person have several places says how many.
CREATE FUNCTION slot_alone(slot slot, provider provider) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN slot.per_person = 1 THEN row_to_json(slot_full(slot, provider))::text
    ELSE left(row_to_json(slot_full(slot, provider))::text, -1)
        || ',"per_person":' || slot.per_person || '}'
END;

-- Free places of a slot, as many as are asked for. Where nobody has booked, nothing is looked up.
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
     LIMIT asked;
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
       AND slot.id <> ALL (except_ids)
     ORDER BY slot.starts_at
     LIMIT 3;
END;

-- The ids of a kind of row that this transaction has locked and noted (queries/appointment/book.sql): no ids
-- where it noted none.
CREATE FUNCTION locked(kind text) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('booking.' || kind, true), ''), '{}')::bigint[];

CREATE TYPE appointment_document AS (
    id           bigint,
    slot         json,
    "user"       text,
    notes        text,
    status       text
);

CREATE TYPE appointment_brief AS (id bigint, slot json, notes text, status text);

CREATE TYPE move_document AS (message text, appointment_id bigint, old_slot json, new_slot json);

CREATE TYPE end_document AS (message text, appointment_id bigint, slot json);

CREATE TYPE history_document AS (
    at           timestamptz,
    action       text,
    actor        text,
    from_slot    bigint,
    to_slot      bigint,
    from_status  text,
    to_status    text,
    reason       text
);

-- Answers to writes by the key the client gave them, kept for 24 hours. Written in the transaction
-- of what they answer, so a crash leaves both or neither. Account 0 is whoever has none yet; hence
-- no foreign key.
CREATE TABLE idempotency (
    account_id   bigint      NOT NULL,
    key          text        NOT NULL,
    -- SHA-256 of method, target and body, without secrets.
    fingerprint  text        NOT NULL,
    body         text        NOT NULL,
    version      integer     NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_pkey PRIMARY KEY (account_id, key),
    CONSTRAINT idempotency_key_length CHECK (char_length(key) BETWEEN 1 AND 255)
);

CREATE INDEX idempotency_created ON idempotency (created_at);

-- Reserves a key until the transaction ends; false while another one holds it.
CREATE FUNCTION idempotency_lock(account_id bigint, key text) RETURNS boolean
LANGUAGE sql VOLATILE
RETURN key = '' OR pg_try_advisory_xact_lock(hashtextextended(key, account_id));

-- What is known of a key: NULL means go on.
CREATE FUNCTION idempotency_verdict(
    stored idempotency, fingerprint text, locked boolean
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN stored.key IS NOT NULL AND stored.fingerprint = fingerprint THEN 'replayed'
    WHEN stored.key IS NOT NULL THEN 'key_reused'
    WHEN NOT locked THEN 'key_in_flight'
END;

-- The same of an item of a set, the nth of its key. An empty key means: none was given.
CREATE FUNCTION idempotency_set_verdict(
    stored idempotency, account_id bigint, key text, fingerprint text, nth bigint
) RETURNS text
LANGUAGE sql VOLATILE
RETURN CASE
    WHEN key <> '' THEN coalesce(
        idempotency_verdict(stored, fingerprint, idempotency_lock(account_id, key)),
        CASE WHEN nth > 1 THEN 'again' END)
END;
