-- What has happened, in the order in which it did: one log, read many ways.

-- What a transaction has changed, told as its last statement, after its locks. Ids order the changes of one
-- thing; one of them may be seen before a lower one is committed, so nobody reads them but who numbers them.
-- type is that of the event, and subject_id what it is of; but of 'appointment' a row of appointment_history.
CREATE TABLE outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    type        text        NOT NULL,
    subject_id  bigint      NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (id),
    CONSTRAINT outbox_type_known CHECK (
        type IN ('account.erased', 'appointment', 'appointment.conflict', 'provider.changed',
                 'schedule.changed', 'service.changed', 'slot.changed', 'slot.created', 'slot.deleted',
                 'webhook.disabled')
    )
-- Nearly all rows in it are dead: they are tidied away by their number, whatever size the table once was.
) WITH (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0);

-- Who numbers sees how many ids were drawn, and may be a role that owns nothing.
GRANT SELECT ON SEQUENCE outbox_id_seq TO PUBLIC;

-- How far the log has come. log names this very log: after a failover that lost some of it, or in another
-- database, the same ids are other events. All in the outbox up to settled has been numbered; up to settling
-- it will have been once no transaction before settling_xid is left.
CREATE TABLE event_head (
    one           boolean NOT NULL DEFAULT true,
    log           uuid    NOT NULL DEFAULT gen_random_uuid(),
    position      bigint  NOT NULL DEFAULT 0,
    settled       bigint  NOT NULL DEFAULT 0,
    settling      bigint  NOT NULL DEFAULT 0,
    settling_xid  xid8    NOT NULL DEFAULT '0',
    CONSTRAINT event_head_pkey PRIMARY KEY (one),
    CONSTRAINT event_head_one_row CHECK (one)
);

-- What has happened, by dense ids. data is what its owner and the staff of its calendars are told: ids, times,
-- statuses and versions, nothing of a person. slots is what everybody is told, of the slots that have changed
-- with it; NULL where nothing is. No foreign keys: it outlives what it tells of.
CREATE TABLE event (
    id                bigint      NOT NULL,
    at                timestamptz NOT NULL,
    type              text        NOT NULL,
    -- Whose calendar it is of, and which one was left for that; NULL: of all of them.
    provider_id       bigint,
    from_provider_id  bigint,
    account_id        bigint,
    appointment_id    bigint,
    slot_ids          bigint[]    NOT NULL DEFAULT '{}',
    data              text        NOT NULL,
    slots             text,
    CONSTRAINT event_pkey PRIMARY KEY (id)
);

CREATE INDEX event_account ON event (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX event_provider ON event (provider_id, id) WHERE provider_id IS NOT NULL;

-- Every change of an appointment is told, whoever makes it: each writes its history.
CREATE FUNCTION tell_history() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO outbox (at, type, subject_id)
    SELECT change.at, 'appointment', change.id
      FROM changes AS change
     ORDER BY change.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER appointment_history_told AFTER INSERT ON appointment_history
    REFERENCING NEW TABLE AS changes
    FOR EACH STATEMENT
    EXECUTE FUNCTION tell_history();

-- A slot in events: what everybody may know of it. What is not said does not apply; one that is gone is
-- deleted.
CREATE TYPE event_slot AS (
    id           bigint,
    provider_id  bigint,
    service_id   bigint,
    starts_at    timestamptz,
    ends_at      timestamptz,
    time_zone    text,
    capacity     integer,
    remaining    integer,
    status       text,
    version      integer
);

CREATE FUNCTION event_slot(slot slot, provider provider) RETURNS event_slot
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW (
    slot.id,
    slot.provider_id,
    slot.service_id,
    slot.starts_at,
    slot.ends_at,
    provider.time_zone,
    slot.capacity,
    CASE WHEN slot.deleted_at IS NULL THEN slot.capacity - taken(slot) ELSE 0 END,
    CASE WHEN slot.deleted_at IS NULL AND NOT has_run_out(slot) THEN slot_status(slot) ELSE 'deleted' END,
    slot_version_now(slot)
)::event_slot;

-- A change of an appointment in events: what is not said does not apply. conflict is why it is outside of
-- the hours now, or 'kept' where staff have said that it stays.
CREATE TYPE event_appointment AS (
    appointment_id  bigint,
    account_id      bigint,
    version         integer,
    status          text,
    from_status     text,
    size            integer,
    expires_at      timestamptz,
    conflict        text,
    slot            json,
    from_slot       json
);

-- The type of the event that a row of history is.
CREATE FUNCTION event_type(change appointment_history) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE change.action
    WHEN 'keep' THEN 'appointment.conflict'
    WHEN 'offer' THEN 'waitlist.offered'
    WHEN 'approve' THEN 'appointment.approved'
    WHEN 'reschedule' THEN 'appointment.rescheduled'
    ELSE 'appointment.' || CASE change.to_status WHEN 'pending' THEN 'requested' ELSE change.to_status END
END;

-- Whether somebody is told of what happens to appointments in an event's calendars, or of what concerns all:
-- staff_of is a provider's id, -1 for all, 0 for none.
CREATE FUNCTION is_event_of(event event, staff_of bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN staff_of = -1
    OR (staff_of > 0
        AND (staff_of IN (event.provider_id, event.from_provider_id)
             OR (event.provider_id IS NULL AND event.account_id IS NULL)));

-- An event as somebody sees it: its owner and the staff of its calendars all of it, everybody else the slots
-- that have changed with it. No row where there are none.
CREATE FUNCTION event_shown(event event, account_id bigint, staff_of bigint)
RETURNS TABLE (type text, data text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN sees.all THEN event.type ELSE 'slot.changed' END,
           CASE WHEN sees.all THEN event.data ELSE '{"slots":' || event.slots || '}' END
      FROM (SELECT is_event_of(event, staff_of)
                   OR coalesce(event.account_id = event_shown.account_id, false)) AS sees ("all")
     WHERE sees.all OR event.slots IS NOT NULL;
END;
