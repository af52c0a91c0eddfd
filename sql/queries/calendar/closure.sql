-- When a provider, or everybody, is closed. A closure only takes away, whatever the hours are. Those that
-- calendars of somebody else say (delivery/calendar_source.sql) are none of those that staff write.


-- name: closure_lock :value
-- The provider that it closes, or all of them; how many there are.
SELECT count(*)
  FROM (SELECT provider.id
          FROM provider
         WHERE %(provider_id)s::bigint IN (0, provider.id)
         ORDER BY provider.id
           FOR NO KEY UPDATE) AS locked;


-- name: closure_create :one
-- By days, its instants reach as far as they do in any zone: what is looked for finds it by them.
UPDATE provider
   SET calendar_version = provider.calendar_version + 1
 WHERE %(provider_id)s::bigint IN (0, provider.id);

INSERT INTO outbox (type, subject_id)
VALUES ('schedule.changed', %(provider_id)s::bigint);

INSERT INTO closure (provider_id, from_day, until_day, starts_at, ends_at, reason, actor_id)
SELECT nullif(%(provider_id)s::bigint, 0), %(from_day)s::date, %(until_day)s::date,
       coalesce(%(starts_at)s::timestamptz,
                %(from_day)s::date::timestamp AT TIME ZONE 'UTC' - interval '16 hours'),
       coalesce(%(ends_at)s::timestamptz,
                (%(until_day)s::date + 1)::timestamp AT TIME ZONE 'UTC' + interval '16 hours'),
       %(reason)s::text, %(actor_id)s::bigint
RETURNING id, row_to_json(closure_document(closure))::text AS body;


-- name: closure_get :maybe
-- Not IS NULL, or the index of all of those could be gone through.
SELECT coalesce(closure.provider_id, 0) AS provider_id, closure.starts_at, closure.ends_at,
       row_to_json(closure_document(closure))::text AS body
  FROM closure
 WHERE closure.id = %(closure_id)s::bigint
   AND num_nulls(closure.source_id) = 1
   AND (closure.provider_id IS NULL
        OR %(staff_of)s::bigint IN (-1, closure.provider_id));


-- name: closure_list :many
-- Those that have not ended, of what the actor keeps, or of some providers of it, and of everybody. Of
-- providers an index finds them.
SELECT found.id, row_to_json(closure_document(found.closure))::text AS body
  FROM (SELECT kept.closure, kept.id
          FROM unnest(CASE WHEN %(staff_of)s::bigint = -1 THEN %(provider_ids)s::bigint[]
                           WHEN %(provider_ids)s::bigint[] = '{}'
                             OR %(staff_of)s::bigint = ANY (%(provider_ids)s::bigint[])
                           THEN ARRAY[%(staff_of)s::bigint]
                           ELSE '{}'
                      END) AS asked (provider_id)
         CROSS JOIN LATERAL (
               SELECT closure, closure.id
                 FROM closure
                WHERE closure.provider_id = asked.provider_id
                  AND closure.ends_at > now()
                  AND closure.source_id IS NULL
               OFFSET 0  -- else those of all providers are gone through, or all ids from there on
         ) AS kept
         UNION ALL
        SELECT closure, closure.id + 0
          FROM closure
         WHERE closure.provider_id IS NULL
           AND closure.ends_at > now()
         UNION ALL
        SELECT closure, closure.id
          FROM closure
         WHERE %(staff_of)s::bigint = -1
           AND %(provider_ids)s::bigint[] = '{}'
           AND closure.provider_id IS NOT NULL
           AND closure.source_id IS NULL
           AND closure.ends_at > now()) AS found
 WHERE found.id > %(after_id)s::bigint
 ORDER BY found.id
 LIMIT %(limit)s::integer;


-- name: closure_delete :exec
UPDATE provider
   SET calendar_version = provider.calendar_version + 1
 WHERE %(provider_id)s::bigint IN (0, provider.id);

INSERT INTO outbox (type, subject_id)
VALUES ('schedule.changed', %(provider_id)s::bigint);

DELETE FROM closure
 WHERE closure.id = %(closure_id)s::bigint;


-- name: closure_conflicts :one
-- The coming appointments that a closure is in the way of, the first of them, and how many there
-- are. Of what began before it only the last can reach into it, or what is an overridden time: that
-- lasts a day at most.
WITH conflict AS (
    SELECT appointment.id, slot.starts_at,
           row_number() OVER (ORDER BY slot.starts_at, appointment.id) AS nth
      FROM closure
      JOIN provider ON closure.provider_id IS NULL OR provider.id = closure.provider_id
      JOIN slot ON slot.provider_id = provider.id
      JOIN appointment ON appointment.slot_id = ANY (ARRAY[slot.id])
     WHERE closure.id = %(closure_id)s::bigint
       AND slot.starts_at > now()
       AND slot.starts_at < closure.ends_at
       AND slot.starts_at >= least(
               closure.starts_at - interval '24 hours',
               (SELECT max(earlier.starts_at)
                  FROM slot AS earlier
                 WHERE earlier.provider_id = provider.id
                   AND earlier.deleted_at IS NULL
                   AND earlier.overrides IS NULL
                   AND earlier.starts_at <= closure.starts_at))
       AND tstzrange(slot.starts_at, slot.ends_at) && closure_time(closure, provider)
       AND slot.deleted_at IS NULL
       AND slot.booked > 0
       AND outside_hours(slot, provider) IS NOT NULL
       AND appointment.status <> 'cancelled'
       AND is_open(appointment.status)
), told AS (
    INSERT INTO outbox (type, subject_id)
    SELECT 'appointment.conflict', conflict.id
      FROM conflict
     ORDER BY conflict.nth
)
SELECT coalesce(
           json_agg(row_to_json(ROW (conflict.id, conflict.starts_at, 'closure')
                                ::conflict_document) ORDER BY conflict.nth)
               FILTER (WHERE conflict.nth <= %(most)s::integer), '[]')::text AS conflicts,
       count(*) AS total
  FROM conflict;
