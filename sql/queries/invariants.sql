-- What must hold after every commit. Each row returned is a broken promise; tests and restoring
-- a backup end with this.


-- name: invariants_broken :many
SELECT 'slot.booked differs from its appointments' AS broken, slot.id
  FROM slot
  LEFT JOIN appointment ON appointment.slot_id = slot.id AND NOT leaves(appointment.status)
 WHERE num_nulls(slot.lead_slot_id) = 1
 GROUP BY slot.id
HAVING coalesce(sum(appointment.size), 0) <> slot.booked
 UNION ALL
SELECT 'what a service needs besides does not go with its appointment', slot.id
  FROM slot
  JOIN slot AS lead ON lead.id = slot.lead_slot_id
 WHERE (slot.deleted_at IS NULL) <> (lead.deleted_at IS NULL)
    OR slot.booked <> CASE WHEN slot.deleted_at IS NULL THEN 1 ELSE 0 END
    OR (slot.starts_at, slot.blocks_from, slot.blocks_until)
       <> (lead.starts_at, lead.blocks_from, lead.blocks_until)
 UNION ALL
SELECT 'a slot that was made for a time and that nobody is in', slot.id
  FROM slot
 WHERE is_made(slot) AND slot.booked = 0 AND slot.deleted_at IS NULL
 UNION ALL
SELECT 'a slot runs out at another time than those in it', slot.id
  FROM slot
  LEFT JOIN appointment ON appointment.slot_id = coalesce(slot.lead_slot_id, slot.id)
 GROUP BY slot.id
HAVING min(appointment.expires_at) IS DISTINCT FROM slot.next_expiry
 UNION ALL
SELECT 'a slot is shut by no calendar, or one does not shut it', slot.id
  FROM slot
 WHERE slot.deleted_at IS NULL
   AND slot.starts_at > now()
   AND NOT is_made(slot)
   AND (slot.blocked_at IS NULL) = is_blocked(slot.provider_id, slot.starts_at, slot.ends_at)
 UNION ALL
SELECT 'somebody is in line who does not wait', waiting.id
  FROM waiting
  JOIN waiting_line ON waiting_line.waiting_id = waiting.id
 WHERE waiting.hold_id IS NOT NULL OR waiting.left_at IS NOT NULL
 UNION ALL
SELECT 'an offer is somebody else''s', waiting.id
  FROM waiting
  JOIN appointment ON appointment.id = waiting.hold_id
 WHERE appointment.account_id <> waiting.account_id
 UNION ALL
SELECT 'more appointments than places', slot.id
  FROM slot
  JOIN appointment ON appointment.slot_id = slot.id AND NOT leaves(appointment.status)
 GROUP BY slot.id
HAVING sum(appointment.size) > slot.capacity OR max(appointment.place) > slot.capacity
 UNION ALL
SELECT 'two slots of one provider overlap', later.id
  FROM (SELECT slot.id, lower(blocks(slot)) AS busy_from,
               max(upper(blocks(slot))) OVER (
                   PARTITION BY slot.provider_id ORDER BY lower(blocks(slot)), slot.id
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until
          FROM slot
         WHERE slot.deleted_at IS NULL
           AND (slot.overrides IS NULL OR NOT slot.overrides && '{overlap,buffer}')) AS later
 WHERE later.busy_from < later.busy_until
 UNION ALL
SELECT 'two openings of one provider overlap', opening.provider_id
  FROM (SELECT opening.provider_id,
               opening.starts_at < lag(opening.stops_at) OVER (
                   PARTITION BY opening.provider_id ORDER BY opening.starts_at) AS overlaps
          FROM opening) AS opening
 WHERE opening.overlaps
 UNION ALL
SELECT 'an appointment in a deleted slot', slot.id
  FROM slot
 WHERE slot.deleted_at IS NOT NULL AND slot.booked > 0
 UNION ALL
SELECT 'appointment is not where its history says', appointment.id
  FROM appointment
  LEFT JOIN LATERAL (
           SELECT change.to_status, coalesce(change.to_slot_id, change.from_slot_id) AS slot_id
             FROM appointment_history AS change
            WHERE change.appointment_id = appointment.id
            ORDER BY change.id DESC
            LIMIT 1) AS last ON true
 WHERE last.to_status IS DISTINCT FROM appointment.status
    OR last.slot_id IS DISTINCT FROM appointment.slot_id
 UNION ALL
SELECT 'version differs from the number of changes', appointment.id
  FROM appointment
  LEFT JOIN appointment_history AS change ON change.appointment_id = appointment.id
 GROUP BY appointment.id
HAVING count(change.id) <> appointment.version
 UNION ALL
SELECT 'history does not begin where it left off', step.appointment_id
  FROM (SELECT change.appointment_id, change.from_slot_id, change.from_status,
               lag(change.to_slot_id) OVER history AS last_slot_id,
               lag(change.to_status) OVER history AS last_status
          FROM appointment_history AS change
        WINDOW history AS (PARTITION BY change.appointment_id ORDER BY change.id)) AS step
 WHERE step.from_slot_id IS DISTINCT FROM step.last_slot_id
    OR step.from_status IS DISTINCT FROM step.last_status
 UNION ALL
SELECT 'an event is missing before this one', step.id
  FROM (SELECT event.id, event.id - lag(event.id) OVER (ORDER BY event.id) AS distance FROM event) AS step
 WHERE step.distance <> 1
 UNION ALL
SELECT 'the log does not end with its last event', head.position
  FROM event_head AS head
 CROSS JOIN (SELECT max(event.id) AS id FROM event) AS last
 WHERE last.id <> head.position
 ORDER BY 1, 2
 LIMIT 100;
