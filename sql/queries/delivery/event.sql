-- The log of events: one sequencer at a time numbers what transactions have told in the outbox. Whoever tells
-- something does so after its locks, so ids of the outbox order what becomes of one thing, and who sees
-- what one transaction told sees all that ended before it began.


-- name: event_number :maybe
-- Numbers what is committed, up to so many, and says how far the log has come, how much that was, and for
-- how many seconds the first of it had waited; no row where there is nothing. Up to settled there is nothing
-- but dead rows, however long they stay, and nothing can come: all who had drawn ids by then are over. Only
-- who draws one before it has any lock could be overlooked, which a full sweep finds.
SELECT set_config('booking.drawn', CASE WHEN is_called THEN last_value ELSE 0 END::text, true) AS drawn
  FROM outbox_id_seq;

SELECT set_config('booking.log', coalesce(max(mine.log::text), ''), true) AS log
  FROM (SELECT head.log
          FROM event_head AS head
         WHERE EXISTS (SELECT FROM outbox
                        WHERE outbox.id > CASE WHEN %(full)s::boolean THEN 0 ELSE head.settled END)
           FOR NO KEY UPDATE) AS mine;

WITH head AS MATERIALIZED (
    SELECT head.*, nullif(current_setting('booking.drawn', true), '')::bigint AS drawn
      FROM event_head AS head
     WHERE head.log::text = current_setting('booking.log', true)
), swept AS (
    DELETE FROM outbox
     WHERE outbox.id = ANY (ARRAY(
               SELECT told.id
                 FROM head
                CROSS JOIN LATERAL (
                      SELECT outbox.id
                        FROM outbox
                       WHERE outbox.id > CASE WHEN %(full)s::boolean THEN 0 ELSE head.settled END
                       ORDER BY outbox.id
                       LIMIT %(most)s::integer
                ) AS told))
    RETURNING outbox.*
), changed AS (  -- appointments, by their history
    SELECT swept.id, swept.at, event_type(change) AS type, appointment,
           coalesce(change.to_slot_id, change.from_slot_id) AS slot_id,
           CASE WHEN change.action = 'reschedule' THEN change.from_slot_id END AS from_slot_id,
           change.action NOT IN ('fulfill', 'keep', 'noshow') AS changes_slots,
           CASE WHEN change.from_status IS NULL THEN 1
                ELSE (SELECT count(*)
                        FROM appointment_history AS before
                       WHERE before.appointment_id = ANY (ARRAY[change.appointment_id])
                         AND before.id <= change.id)
           END::integer AS version,
           change.from_status, change.to_status,
           CASE WHEN change.action = 'keep' THEN 'kept' END AS conflict
      FROM swept
      JOIN appointment_history AS change ON change.id = ANY (ARRAY[swept.subject_id])
      JOIN appointment ON appointment.id = ANY (ARRAY[change.appointment_id])
     WHERE swept.type = 'appointment'
     UNION ALL
    SELECT swept.id, swept.at, swept.type, appointment, appointment.slot_id, NULL, false,
           appointment.version, NULL, appointment.status, coalesce(outside_hours(slot, provider), 'kept')
      FROM swept
      JOIN appointment ON appointment.id = ANY (ARRAY[swept.subject_id])
      JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
      JOIN provider ON provider.id = ANY (ARRAY[slot.provider_id])
     WHERE swept.type = 'appointment.conflict'
), told AS (
    SELECT changed.id, changed.at, changed.type, slot.provider_id,
           nullif(origin.provider_id, slot.provider_id) AS from_provider_id,
           (changed.appointment).account_id, (changed.appointment).id AS appointment_id,
           CASE WHEN changed.changes_slots
                THEN array_remove(ARRAY[changed.slot_id, changed.from_slot_id], NULL) || went.ids
                ELSE '{}'
           END AS slot_ids,
           json_strip_nulls(row_to_json(ROW (
               (changed.appointment).id,
               (changed.appointment).account_id,
               changed.version,
               changed.to_status,
               changed.from_status,
               (changed.appointment).size,
               CASE WHEN changed.version = (changed.appointment).version
                    THEN (changed.appointment).expires_at
               END,
               changed.conflict,
               here.body,
               there.body
           )::event_appointment))::text AS data,
           CASE WHEN changed.changes_slots
                THEN '[' || concat_ws(',', here.body, there.body, went.bodies) || ']'
           END AS slots
      FROM changed
      JOIN slot ON slot.id = ANY (ARRAY[changed.slot_id])
      JOIN provider ON provider.id = ANY (ARRAY[slot.provider_id])
     CROSS JOIN LATERAL (SELECT json_strip_nulls(row_to_json(event_slot(slot, provider))) AS body
                         OFFSET 0) AS here
      LEFT JOIN slot AS origin ON origin.id = ANY (ARRAY[changed.from_slot_id])
      LEFT JOIN provider AS giver ON giver.id = ANY (ARRAY[origin.provider_id])
      LEFT JOIN LATERAL (SELECT json_strip_nulls(row_to_json(event_slot(origin, giver))) AS body
                         OFFSET 0) AS there ON origin.id IS NOT NULL
     CROSS JOIN LATERAL (  -- what a service needs besides
           SELECT array_agg(besides.id ORDER BY besides.id) AS ids,
                  string_agg(json_strip_nulls(row_to_json(event_slot(besides, needed)))::text, ','
                             ORDER BY besides.id) AS bodies
             FROM slot AS besides
             JOIN provider AS needed ON needed.id = ANY (ARRAY[besides.provider_id])
            WHERE besides.lead_slot_id = ANY (ARRAY[changed.slot_id, changed.from_slot_id])
     ) AS went
     UNION ALL
    SELECT swept.id, swept.at, swept.type, slot.provider_id, NULL, NULL, NULL,
           ARRAY[slot.id], '{"slots":[' || here.body || ']}', '[' || here.body || ']'
      FROM swept
      JOIN slot ON slot.id = ANY (ARRAY[swept.subject_id])
      JOIN provider ON provider.id = ANY (ARRAY[slot.provider_id])
     CROSS JOIN LATERAL (SELECT json_strip_nulls(row_to_json(event_slot(slot, provider)))::text AS body
                         OFFSET 0) AS here
     WHERE swept.type IN ('slot.changed', 'slot.created', 'slot.deleted')
     UNION ALL
    SELECT swept.id, swept.at, swept.type, provider.id, NULL, NULL, NULL, '{}',
           json_strip_nulls(json_build_object(
               'provider_id', provider.id,
               'version', CASE swept.type WHEN 'provider.changed' THEN provider.version
                                          ELSE provider.calendar_version
                          END))::text, NULL
      FROM swept
      LEFT JOIN provider ON provider.id = ANY (ARRAY[swept.subject_id])
     WHERE swept.type IN ('provider.changed', 'schedule.changed')
     UNION ALL
    SELECT swept.id, swept.at, swept.type, NULL, NULL, NULL, NULL, '{}',
           json_build_object('service_id', service.id, 'version', service.version)::text, NULL
      FROM swept
      JOIN service ON service.id = ANY (ARRAY[swept.subject_id])
     WHERE swept.type = 'service.changed'
     UNION ALL
    SELECT swept.id, swept.at, swept.type, NULL, NULL, swept.subject_id, NULL, '{}',
           json_build_object('account_id', swept.subject_id)::text, NULL
      FROM swept
     WHERE swept.type = 'account.erased'
     UNION ALL
    SELECT swept.id, swept.at, swept.type, NULL, NULL, webhook.owner_id, NULL, '{}',
           json_build_object('webhook_id', webhook.id, 'reason', webhook.reason)::text, NULL
      FROM swept
      JOIN webhook ON webhook.id = ANY (ARRAY[swept.subject_id])
     WHERE swept.type = 'webhook.disabled'
), kept AS (
    INSERT INTO event (id, at, type, provider_id, from_provider_id, account_id, appointment_id, slot_ids, data,
                       slots)
    SELECT head.position + row_number() OVER (ORDER BY told.id), told.at, told.type, told.provider_id,
           told.from_provider_id, told.account_id, told.appointment_id, told.slot_ids, told.data,
           told.slots
      FROM head
     CROSS JOIN told
     ORDER BY told.id
    RETURNING event.id, event.at
), raised AS (
    UPDATE event_head
       SET position = head.position + (SELECT count(*) FROM kept),
           settled = CASE
               WHEN pg_snapshot_xmin(pg_current_snapshot()) < head.settling_xid THEN head.settled
               WHEN swept.count < %(most)s::integer THEN head.settling
               ELSE greatest(head.settled, least(head.settling, swept.last_id))
           END,
           settling = CASE
               WHEN pg_snapshot_xmin(pg_current_snapshot()) < head.settling_xid THEN head.settling
               ELSE head.drawn
           END,
           settling_xid = CASE
               WHEN pg_snapshot_xmin(pg_current_snapshot()) < head.settling_xid
                AND head.settling_xid <= pg_current_xact_id() THEN head.settling_xid
               ELSE pg_current_xact_id()
           END
      FROM head
     CROSS JOIN (SELECT count(*) AS count, max(swept.id) AS last_id FROM swept) AS swept
     WHERE event_head.one
    RETURNING event_head.position
)
SELECT raised.position, (SELECT count(*) FROM swept) AS count,
       (SELECT extract(epoch FROM now() - min(kept.at))::double precision FROM kept) AS lag
  FROM raised;


-- name: event_head :one
-- How far the log has come, and the first event that is kept of it.
SELECT head.position, head.log::text AS log,
       coalesce((SELECT event.id FROM event WHERE event.id > 0 ORDER BY event.id LIMIT 1),
                head.position + 1) AS first_id
  FROM event_head AS head;


-- name: event_page :one
-- A page after some event as a JSON array, of what somebody sees of some types, or of all where none are
-- given; and what event_head says. Only so many are looked at: it may have fewer than the limit, and the next
-- begins behind them.
WITH page AS (
    SELECT looked.id, (looked.event).at, shown.type, shown.data
      FROM (SELECT event, event.id
              FROM event
             WHERE event.id > %(after_id)s::bigint
             ORDER BY event.id
             LIMIT %(most_looks)s::integer) AS looked
     CROSS JOIN LATERAL event_shown(looked.event, %(account_id)s::bigint, %(staff_of)s::bigint) AS shown
     WHERE %(types)s::text[] = '{}'
        OR shown.type = ANY (%(types)s::text[])
     ORDER BY looked.id
     LIMIT %(limit)s::integer
)
SELECT '[' || coalesce(string_agg(
           '{"id":' || page.id || ',"type":"' || page.type || '","at":' || to_json(page.at)
               || ',"data":' || page.data || '}', ',' ORDER BY page.id), '') || ']' AS body,
       CASE WHEN count(*) = %(limit)s::integer THEN max(page.id)
            ELSE (SELECT max(looked.id)
                    FROM (SELECT event.id
                            FROM event
                           WHERE event.id > %(after_id)s::bigint
                           ORDER BY event.id
                           LIMIT %(most_looks)s::integer) AS looked)
       END AS last_id,
       (SELECT head.position FROM event_head AS head) AS position,
       (SELECT head.log::text FROM event_head AS head) AS log,
       (SELECT event.id FROM event WHERE event.id > 0 ORDER BY event.id LIMIT 1) AS first_id
  FROM page;


-- name: event_after :many
-- The next events as they are, for who shows them to many.
SELECT event.id, to_json(event.at)::text AS at, event.type, event.provider_id, event.from_provider_id,
       event.account_id, event.data, event.slots
  FROM event
 WHERE event.id > %(after_id)s::bigint
 ORDER BY event.id
 LIMIT %(limit)s::integer;


-- name: event_backlog :one
-- How much waits for its number, up to so many, and for how many seconds the first of it has.
SELECT count(*) AS count,
       greatest(extract(epoch FROM now() - min(waits.at)), 0)::double precision AS seconds
  FROM (SELECT outbox.at
          FROM outbox
         WHERE outbox.id > 0
         ORDER BY outbox.id
         LIMIT %(most)s::integer) AS waits;


-- name: event_forget :exec
-- Forgets the oldest, up to so many, in the order of ids: what is older than that, until the first is not.
WITH first AS MATERIALIZED (
    SELECT event.id, event.at < now() - %(kept)s::interval AS is_old
      FROM event
     WHERE event.id > 0
     ORDER BY event.id
     LIMIT %(most)s::integer
)
DELETE FROM event
 USING first
 WHERE event.id = ANY (ARRAY[first.id])
   AND first.id < (SELECT coalesce(min(one.id) FILTER (WHERE NOT one.is_old), max(one.id) + 1)
                     FROM first AS one);


-- name: event_renew :exec
-- Calls the log by another name, since what comes now is not what came before.
UPDATE event_head
   SET log = gen_random_uuid();
