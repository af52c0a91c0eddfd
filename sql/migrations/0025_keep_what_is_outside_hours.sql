-- serves: 17
ALTER TABLE appointment_history DROP CONSTRAINT appointment_history_action_known;
ALTER TABLE appointment_history ADD CONSTRAINT appointment_history_action_known CHECK (
    action IN ('book', 'reschedule', 'cancel', 'noshow', 'fulfill', 'keep')
) NOT VALID;
ALTER TABLE appointment_history VALIDATE CONSTRAINT appointment_history_action_known;

ALTER FUNCTION closures_between(provider, timestamptz, timestamptz) RENAME TO former_closures_between;

CREATE FUNCTION closures_between(provider provider, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (at tstzrange, made_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT closure_time(closure, provider), closure.created_at
      FROM closure
     WHERE closure.provider_id = provider.id
       AND closure.ends_at > from_at
       AND closure.starts_at < to_at
     UNION ALL
    SELECT closure_time(closure, provider), closure.created_at
      FROM closure
     WHERE closure.provider_id IS NULL
       AND closure.ends_at > from_at
       AND closure.starts_at < to_at;
END;

CREATE OR REPLACE FUNCTION closed_times(provider provider, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (times tstzmultirange)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(range_agg(closed.at), '{}')
      FROM closures_between(provider, from_at, to_at) AS closed;
END;

CREATE FUNCTION kept_at(slot slot) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT max(change.at)
      FROM appointment
      JOIN appointment_history AS change ON change.appointment_id = ANY (ARRAY[appointment.id])
     WHERE appointment.slot_id = slot.id
       AND appointment.status <> 'cancelled'
       AND change.to_slot_id = slot.id
       AND change.overrides @> '{closed}');

CREATE OR REPLACE FUNCTION outside_hours(slot slot, provider provider) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN EXISTS (
        SELECT FROM closures_between(provider, slot.starts_at, slot.ends_at) AS closed
         WHERE closed.at && tstzrange(slot.starts_at, slot.ends_at)
           AND coalesce(closed.made_at > kept_at(slot), true))
    THEN 'closure'
    WHEN is_made(slot)
     AND (slot.starts_at AT TIME ZONE wall_zone(provider))::date <= provider.opened_until
     AND NOT EXISTS (
        SELECT FROM opening
         WHERE opening.provider_id = slot.provider_id
           AND opening.starts_at <= slot.starts_at
           AND opening.starts_at > slot.starts_at - interval '48 hours'
           AND opening.stops_at > slot.starts_at
           AND opening.ends_at >= slot.ends_at
           AND (opening.service_ids IS NULL OR slot.service_id = ANY (opening.service_ids)))
     AND num_nulls(kept_at(slot)) = 1
    THEN 'hours'
END;

DROP FUNCTION former_closures_between(provider, timestamptz, timestamptz);
