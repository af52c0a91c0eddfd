-- Times at which a service can be booked: what is open, less what is taken. Nothing of it is stored.


-- name: time_list :many
-- For each item a page of the times of a service, by start and provider, as the JSON array itself; provider
-- 0 stands for all of the service: then each start comes once, with how many are free. No body where its
-- tag is known already.
SELECT item.n, list.body, list.last_at, list.last_id, list.more, list.tag
  FROM unnest(
           %(service_id)s::bigint[], %(provider_id)s::bigint[],
           %(from_at)s::timestamptz[], %(to_at)s::timestamptz[], %(size)s::integer[],
           %(except_slot_id)s::bigint[], %(after_at)s::timestamptz[], %(after_id)s::bigint[],
           %(limit)s::integer[], %(known)s::text[]
       ) WITH ORDINALITY AS item (
           service_id, provider_id, from_at, to_at, size, except_slot_id, after_at, after_id,
           most, known, n)
 CROSS JOIN LATERAL (
    WITH found AS MATERIALIZED (
        SELECT provider, served.provider_id, time.starts_at, time.ends_at, time.remaining, time.slot_id
          FROM service
         CROSS JOIN LATERAL givers(service.id, item.provider_id) AS served
          JOIN provider ON provider.id = ANY (ARRAY[served.provider_id])
         CROSS JOIN LATERAL service_times(
                   service, provider, greatest(item.from_at, item.after_at), item.to_at,
                   item.size, item.except_slot_id, item.most + 2) AS time
         WHERE service.id = ANY (ARRAY[item.service_id])
           AND num_nulls(service.retired_at) = 1
           AND (time.starts_at, CASE WHEN item.provider_id = 0 THEN 0 ELSE served.provider_id END)
               > (item.after_at, item.after_id)
    ), line AS (
        SELECT found.provider, found.starts_at, found.ends_at, found.remaining::bigint, found.slot_id,
               found.provider_id, 1::bigint AS providers
          FROM found
         WHERE item.provider_id <> 0
         UNION ALL
        SELECT start.provider, start.starts_at, start.ends_at, start.remaining, NULL, 0, start.providers
          FROM (SELECT DISTINCT ON (found.starts_at)
                       found.provider, found.starts_at, found.ends_at,
                       sum(found.remaining) OVER same_start AS remaining,
                       count(*) OVER same_start AS providers
                  FROM found
                 WHERE item.provider_id = 0
                WINDOW same_start AS (PARTITION BY found.starts_at)
                 ORDER BY found.starts_at, found.provider_id) AS start
    ), page AS MATERIALIZED (
        SELECT line.*, row_number() OVER (ORDER BY line.starts_at, line.provider_id) AS nth
          FROM line
         ORDER BY line.starts_at, line.provider_id
         LIMIT item.most + 1
    )
    SELECT seen.tag, seen.last_at, seen.last_id, seen.more,
           CASE WHEN seen.tag <> item.known
                THEN (SELECT '[' || coalesce(string_agg(
                                 CASE WHEN item.provider_id = 0
                                      THEN anybody_time_document(
                                               page.provider, page.starts_at, page.ends_at,
                                               page.remaining, page.providers)
                                      ELSE time_document(
                                               page.provider, page.starts_at, page.ends_at,
                                               page.remaining::integer, page.slot_id)
                                 END, ',' ORDER BY page.nth), '') || ']'
                        FROM page
                       WHERE page.nth <= item.most)
           END AS body
      FROM (SELECT max(page.starts_at) FILTER (WHERE page.nth = item.most)::text AS last_at,
                   max(page.provider_id) FILTER (WHERE page.nth = item.most) AS last_id,
                   count(*) > item.most AS more,
                   -- Of what it shows; a calendar's version stands for its name and clock.
                   to_hex(coalesce(hash_array_extended(array_agg(hash_record_extended(
                       ROW (page.starts_at, page.ends_at, page.remaining, page.slot_id, page.providers,
                            (page.provider).id, (page.provider).calendar_version), 0)
                       ORDER BY page.nth) FILTER (WHERE page.nth <= item.most), 0), 0)) AS tag
              FROM page) AS seen
 ) AS list
 ORDER BY item.n;


-- name: time_service :many
-- What each request has to know of a service beforehand, NULL of none or of one that is retired; the clock is
-- that of the provider, or of the first.
SELECT item.n, service.horizon_days,
       (SELECT wall_zone(provider)
          FROM givers(service.id, item.provider_id) AS served
          JOIN provider ON provider.id = ANY (ARRAY[served.provider_id])
         ORDER BY provider.id
         LIMIT 1) AS zone
  FROM unnest(%(service_id)s::bigint[], %(provider_id)s::bigint[])
       WITH ORDINALITY AS item (service_id, provider_id, n)
  LEFT JOIN service ON service.id = ANY (ARRAY[item.service_id])
                   AND num_nulls(service.retired_at) = 1
 ORDER BY item.n;


-- name: time_moving :maybe
-- The slot of one's own appointment, if it would be free without it; 0 where others share it.
SELECT CASE WHEN is_made(slot) AND taken(slot) = appointment.size THEN slot.id ELSE 0 END AS slot_id
  FROM appointment
  JOIN slot ON slot.id = appointment.slot_id
 WHERE appointment.id = %(appointment_id)s::bigint
   AND is_open(appointment.status)
   AND (appointment.account_id = %(account_id)s::bigint OR is_staff(slot, %(staff_of)s::bigint));


-- name: time_explain :many
-- Everything that speaks against a time, provider by provider, in the order in which booking tells it: who
-- came closest first. No row where nobody offers the service.
SELECT provider.id AS provider_id,
       CASE WHEN waiting.met IS NULL OR 'limit_reached' = ANY (told.refusals) THEN told.refusals
            ELSE ARRAY(SELECT refusal.code
                         FROM unnest(ARRAY['limit_reached'] || told.refusals) AS refusal (code)
                        ORDER BY refusal_rank(refusal.code))
       END AS refusals,
       coalesce(told.met, waiting.met) AS met, verdict.missing
  FROM service
 CROSS JOIN LATERAL givers(service.id, %(provider_id)s::bigint) AS served
  JOIN provider ON provider.id = ANY (ARRAY[served.provider_id])
 CROSS JOIN LATERAL time_verdict(
           service, provider, %(starts_at)s::timestamptz, %(size)s::integer, 0) AS verdict
 CROSS JOIN LATERAL refusals_for(
           %(account_id)s::bigint, service, verdict.refusals, verdict.local_day, verdict.slot_id, 0,
           %(max_open)s::integer,
           CASE WHEN %(no_overlap)s::boolean
                THEN tstzrange(%(starts_at)s::timestamptz, verdict.ends_at)
           END) AS told
 CROSS JOIN LATERAL waiting_limit(
           %(account_id)s::bigint, false, service,
           %(staff_of)s::bigint IN (-1, provider.id), 0, %(max_pending)s::integer) AS waiting
 WHERE service.id = %(service_id)s::bigint
 ORDER BY refusal_rank(told.refusals[1]) DESC, provider.id
 LIMIT 1000;


-- name: time_near :value
SELECT times_near(service, %(provider_id)s::bigint, %(near)s::timestamptz, %(size)s::integer, 0)
  FROM service
 WHERE service.id = %(service_id)s::bigint;
