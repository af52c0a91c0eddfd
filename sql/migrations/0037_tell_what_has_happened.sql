-- Appointments are told by a trigger, so code from before tells them, too; of the rest it tells nothing.
-- serves: 17
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
