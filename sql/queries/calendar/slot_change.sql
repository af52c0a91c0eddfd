-- name: slot_change :maybe
-- Opens, closes or resizes one slot, or deletes an empty one; no row where the actor sees none.
-- A 0 and a NULL for closed mean: leave it as it is. Who has a place beyond a new capacity gets one
-- within it; they are locked before the slot, as everywhere, so who came in between makes it busy.
SELECT set_config('booking.beyond', coalesce(array_agg(beyond.id)::text, '{}'), true) AS beyond
  FROM (SELECT appointment.id
          FROM appointment
         WHERE appointment.slot_id = ANY (ARRAY[%(slot_id)s::bigint])
           AND appointment.status <> 'cancelled'
           AND appointment.place > nullif(%(capacity)s::integer, 0)
         ORDER BY appointment.id
           FOR NO KEY UPDATE) AS beyond;

SELECT slot.id
  FROM slot
 WHERE slot.id = %(slot_id)s::bigint
   FOR NO KEY UPDATE;

SELECT expire(ARRAY[%(slot_id)s::bigint]) AS expired;

WITH beyond AS (
    SELECT appointment.id, row_number() OVER (ORDER BY appointment.place) AS turn
      FROM appointment
     WHERE appointment.slot_id = ANY (ARRAY[%(slot_id)s::bigint])
       AND appointment.status <> 'cancelled'
       AND appointment.place > nullif(%(capacity)s::integer, 0)
), considered AS (
    SELECT slot.id, slot AS before,
           CASE
               WHEN NOT is_staff(slot, %(staff_of)s::bigint) THEN 'forbidden'
               WHEN %(version)s::integer <> 0 AND %(version)s::integer <> slot.version THEN 'stale'
               WHEN slot.next_expiry <= now() THEN 'busy'
               WHEN %(deleted)s::boolean AND slot.booked > 0 THEN 'slot_in_use'
               WHEN %(capacity)s::integer > 0 AND slot.booked > %(capacity)s::integer
               THEN 'slot_in_use'
               -- What goes with an appointment has room for that one alone.
               WHEN %(capacity)s::integer > 1 AND num_nulls(slot.lead_slot_id) = 0 THEN 'slot_in_use'
               WHEN EXISTS (SELECT FROM beyond
                             WHERE beyond.id <> ALL (locked('beyond')))
               THEN 'busy'
           END AS verdict
      FROM slot
     WHERE slot.id = %(slot_id)s::bigint
       AND slot.deleted_at IS NULL
), within AS (
    SELECT free.place, row_number() OVER (ORDER BY free.place) AS turn
      FROM considered
     CROSS JOIN LATERAL free_places(considered.before, %(capacity)s::integer) AS free (place)
     WHERE considered.verdict IS NULL
       AND EXISTS (SELECT FROM beyond)
       AND free.place <= %(capacity)s::integer
), reseated AS (
    UPDATE appointment
       SET place = within.place
      FROM beyond
      JOIN within ON within.turn = beyond.turn
     WHERE appointment.id = ANY (ARRAY[beyond.id])
), changed AS (
    UPDATE slot
       SET closed = coalesce(%(closed)s::boolean, slot.closed),
           capacity = coalesce(nullif(%(capacity)s::integer, 0), slot.capacity),
           per_person = coalesce(nullif(%(per_person)s::integer, 0), slot.per_person),
           deleted_at = CASE WHEN %(deleted)s::boolean THEN now() END,
           version = slot.version + 1
      FROM considered
     WHERE slot.id = considered.id
       AND considered.verdict IS NULL
    RETURNING slot AS after
), told AS (
    INSERT INTO outbox (type, subject_id)
    SELECT CASE WHEN (changed.after).deleted_at IS NULL THEN 'slot.changed' ELSE 'slot.deleted' END,
           (changed.after).id
      FROM changed
)
SELECT coalesce(considered.verdict, 'changed') AS verdict,
       slot_alone(changed.after, provider) AS body,
       (changed.after).version AS version
  FROM considered
  LEFT JOIN changed ON true
  LEFT JOIN provider ON provider.id = (changed.after).provider_id;
