-- Services: what can be booked. Whoever changes one locks its row first, then those of its providers.


-- name: service_get :maybe
SELECT service_document(service) AS body, service.version
  FROM service
 WHERE service.id = %(service_id)s::bigint
   AND num_nulls(service.retired_at) = 1;


-- name: service_list :one
-- One page by id, as the JSON array itself; of any provider where none are given.
WITH page AS (
    SELECT service, service.id, row_number() OVER (ORDER BY service.id) AS nth
      FROM service
     WHERE service.id > %(after_id)s::bigint
       AND num_nulls(service.retired_at) = 1
       AND (%(provider_ids)s::bigint[] = '{}'
            OR EXISTS (SELECT FROM service_provider AS offer
                        WHERE offer.service_id = service.id
                          AND offer.provider_id = ANY (%(provider_ids)s::bigint[])))
     ORDER BY service.id
     LIMIT %(limit)s::integer + 1
)
SELECT '[' || coalesce(string_agg(service_document(page.service), ',' ORDER BY page.nth), '') || ']'
           AS body,
       max(page.id) AS last_id,
       (SELECT count(*) FROM page) > %(limit)s::integer AS more
  FROM page
 WHERE page.nth <= %(limit)s::integer;


-- name: service_lock :maybe
-- What it is once it is ours to change: its offers would be seen as of before the lock.
SELECT service.id
  FROM service
 WHERE service.id = %(service_id)s::bigint
   FOR NO KEY UPDATE;

SELECT service_document(service) AS body, service.version, service.retired_at IS NOT NULL AS retired
  FROM service
 WHERE service.id = %(service_id)s::bigint;


-- name: service_lock_providers :many
-- Those that there are, of all whose times a change of a service changes.
SELECT provider.id
  FROM provider
 WHERE provider.id = ANY (%(provider_id)s::bigint[])
 ORDER BY provider.id
   FOR NO KEY UPDATE;

UPDATE provider
   SET calendar_version = provider.calendar_version + 1
 WHERE provider.id = ANY (%(provider_id)s::bigint[]);

SELECT provider.id
  FROM unnest(%(provider_id)s::bigint[]) AS wanted (id)
  JOIN provider ON provider.id = wanted.id
 ORDER BY provider.id;


-- name: service_create :value
INSERT INTO service (
    name, description, duration_minutes, step_minutes, buffer_before_minutes, buffer_after_minutes,
    lead_minutes, horizon_days, per_day, per_customer_day, per_customer_open, capacity, party_max,
    approval_minutes, hold_seconds, offer_minutes, notice_minutes)
VALUES (
    %(name)s::text, %(description)s::text, %(duration_minutes)s::integer,
    %(step_minutes)s::integer, %(buffer_before_minutes)s::integer,
    %(buffer_after_minutes)s::integer, %(lead_minutes)s::integer, %(horizon_days)s::integer,
    %(per_day)s::integer, %(per_customer_day)s::integer, %(per_customer_open)s::integer,
    %(capacity)s::integer, %(party_max)s::integer, %(approval_minutes)s::integer,
    %(hold_seconds)s::integer, %(offer_minutes)s::integer, %(notice_minutes)s::integer)
RETURNING id;


-- name: service_change :exec
UPDATE service
   SET name = %(name)s::text,
       description = %(description)s::text,
       duration_minutes = %(duration_minutes)s::integer,
       step_minutes = %(step_minutes)s::integer,
       buffer_before_minutes = %(buffer_before_minutes)s::integer,
       buffer_after_minutes = %(buffer_after_minutes)s::integer,
       lead_minutes = %(lead_minutes)s::integer,
       horizon_days = %(horizon_days)s::integer,
       per_day = %(per_day)s::integer,
       per_customer_day = %(per_customer_day)s::integer,
       per_customer_open = %(per_customer_open)s::integer,
       capacity = %(capacity)s::integer,
       party_max = %(party_max)s::integer,
       approval_minutes = %(approval_minutes)s::integer,
       hold_seconds = %(hold_seconds)s::integer,
       offer_minutes = %(offer_minutes)s::integer,
       notice_minutes = %(notice_minutes)s::integer,
       version = service.version + 1
 WHERE service.id = %(service_id)s::bigint;


-- name: service_retire :exec
UPDATE service
   SET retired_at = now(),
       version = service.version + 1
 WHERE service.id = %(service_id)s::bigint;


-- name: service_staff :exec
-- Who gives it and what it needs, instead of whoever and whatever did. Who joins, or comes back, has
-- served as little as the least of those who are there: with nothing served, all would go there.
DELETE FROM service_provider AS offer
 WHERE offer.service_id = %(service_id)s::bigint
   AND offer.provider_id <> ALL (%(provider_id)s::bigint[]);

INSERT INTO service_provider (service_id, provider_id, weight, served)
SELECT %(service_id)s::bigint, item.provider_id, item.weight,
       coalesce((SELECT min(offer.served)
                   FROM service_provider AS offer
                  WHERE offer.service_id = %(service_id)s::bigint), 0)
  FROM unnest(%(provider_id)s::bigint[], %(weight)s::integer[]) AS item (provider_id, weight)
 ORDER BY item.provider_id
    ON CONFLICT ON CONSTRAINT service_provider_pkey DO UPDATE SET weight = excluded.weight;

DELETE FROM service_need AS need
 WHERE need.service_id = %(service_id)s::bigint;

INSERT INTO service_need (service_id, role, provider_id)
SELECT %(service_id)s::bigint, item.role, item.room_id
  FROM unnest(%(role)s::text[], %(room_id)s::bigint[]) AS item (role, room_id);


-- name: service_keep :one
-- The document of this version, which those who book under it go by; it is the answer, too.
INSERT INTO service_version (service_id, version, document, actor_id)
SELECT service.id, service.version, service_document(service)::jsonb, %(actor_id)s::bigint
  FROM service
 WHERE service.id = %(service_id)s::bigint;

INSERT INTO outbox (type, subject_id)
VALUES ('service.changed', %(service_id)s::bigint);

SELECT service_document(service) AS body, service.version
  FROM service
 WHERE service.id = %(service_id)s::bigint;
