-- What must hold after every commit. Each row returned is a broken promise; tests end with this.


-- name: invariants_broken :many
SELECT 'slot.booked differs from its appointments' AS broken, slot.id
  FROM slot
  LEFT JOIN appointment ON appointment.slot_id = slot.id AND appointment.status <> 'cancelled'
 GROUP BY slot.id
HAVING count(appointment.id) <> slot.booked
 UNION ALL
SELECT 'more appointments than places', slot.id
  FROM slot
  JOIN appointment ON appointment.slot_id = slot.id AND appointment.status <> 'cancelled'
 GROUP BY slot.id
HAVING count(*) > slot.capacity OR max(appointment.place) > slot.capacity
 UNION ALL
SELECT 'two slots of one provider overlap', slot.id
  FROM slot
  JOIN slot AS other ON other.provider_id = slot.provider_id AND other.id > slot.id
   AND other.deleted_at IS NULL
   AND tstzrange(other.starts_at, other.ends_at) && tstzrange(slot.starts_at, slot.ends_at)
 WHERE slot.deleted_at IS NULL
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
 ORDER BY 1, 2
 LIMIT 100;
