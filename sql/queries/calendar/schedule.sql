-- The hours of a provider as they were written, and who is outside of them.


-- name: schedule_lock :maybe
-- Whoever changes what a provider's calendar offers takes its turn, and bookings of times wait.
SELECT provider.id
  FROM provider
 WHERE provider.id = %(provider_id)s::bigint
   FOR NO KEY UPDATE;


-- name: schedule_get :maybe
-- With how far ahead anything can be booked, and the database's now.
SELECT provider.id AS provider_id, provider.time_zone, provider.calendar_version AS version,
       provider.opened_until, now() AS now,
       furthest_horizon() AS horizon_days,
       (SELECT coalesce(json_agg(row_to_json(rule) ORDER BY rule.n), '[]')
          FROM schedule_rule AS rule
         WHERE rule.provider_id = provider.id)::text AS rules,
       (SELECT coalesce(json_agg(row_to_json(hours) ORDER BY hours.day, hours.n), '[]')
          FROM schedule_day AS hours
         WHERE hours.provider_id = provider.id)::text AS days
  FROM provider
 WHERE provider.id = %(provider_id)s::bigint;


-- name: schedule_replace :exec
-- Rules and days come as JSON: arrays within arrays PostgreSQL only takes where all are as long.
DELETE FROM schedule_rule
 WHERE schedule_rule.provider_id = %(provider_id)s::bigint;

DELETE FROM schedule_day
 WHERE schedule_day.provider_id = %(provider_id)s::bigint;

INSERT INTO schedule_rule (
    provider_id, n, weekdays, opens, closes, from_day, until_day, service_ids)
SELECT %(provider_id)s::bigint, rule.n, rule.weekdays, rule.opens, rule.closes,
       rule.from_day, rule.until_day, rule.service_ids
  FROM json_to_recordset(%(rules)s::json) AS rule (
           n integer, weekdays integer[], opens time, closes time, from_day date, until_day date,
           service_ids bigint[]);

INSERT INTO schedule_day (provider_id, day, n, opens, closes, service_ids, reason)
SELECT %(provider_id)s::bigint, hours.day, hours.n, hours.opens, hours.closes,
       hours.service_ids, hours.reason
  FROM json_to_recordset(%(days)s::json) AS hours (
           day date, n integer, opens time, closes time, service_ids bigint[], reason text);

INSERT INTO outbox (type, subject_id)
VALUES ('schedule.changed', %(provider_id)s::bigint);


-- name: schedule_unknown_service :value
-- The first of some services that is none; NULL where all are.
SELECT min(asked.id)
  FROM unnest(%(service_ids)s::bigint[]) AS asked (id)
  LEFT JOIN service ON service.id = ANY (ARRAY[asked.id])
 WHERE service.id IS NULL;


-- name: schedule_conflicts :one
-- The coming appointments that are outside of a provider's hours now, the first of them, and how
-- many there are.
WITH conflict AS (
    SELECT appointment.id, slot.starts_at, outside.reason,
           row_number() OVER (ORDER BY slot.starts_at, appointment.id) AS nth
      FROM provider
      JOIN slot ON slot.provider_id = provider.id
     CROSS JOIN LATERAL (SELECT outside_hours(slot, provider) AS reason OFFSET 0) AS outside
      JOIN appointment ON appointment.slot_id = ANY (ARRAY[slot.id])
     WHERE provider.id = %(provider_id)s::bigint
       AND slot.starts_at > now()
       AND slot.deleted_at IS NULL
       AND slot.booked > 0
       AND outside.reason IS NOT NULL
       AND appointment.status <> 'cancelled'
       AND is_open(appointment.status)
), told AS (
    INSERT INTO outbox (type, subject_id)
    SELECT 'appointment.conflict', conflict.id
      FROM conflict
     ORDER BY conflict.nth
)
SELECT coalesce(
           json_agg(row_to_json(ROW (conflict.id, conflict.starts_at, conflict.reason)
                                ::conflict_document) ORDER BY conflict.nth)
               FILTER (WHERE conflict.nth <= %(most)s::integer), '[]')::text AS conflicts,
       count(*) AS total
  FROM conflict;
