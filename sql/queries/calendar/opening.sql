-- What the hours of providers mean as instants; made by Python, at will.


-- name: opening_replace :value
-- In place of all that may be open still, what is sent; the version of the calendar afterwards.
-- No opening lasts longer than the two days that are looked back.
DELETE FROM opening
 WHERE opening.provider_id = %(provider_id)s::bigint
   AND opening.starts_at > %(since)s::timestamptz;

INSERT INTO opening (provider_id, day, starts_at, stops_at, ends_at, anchor_at, service_ids)
SELECT %(provider_id)s::bigint, item.day, item.starts_at, item.stops_at, item.ends_at,
       item.anchor_at, item.services::bigint[]
  FROM unnest(
           %(day)s::date[], %(starts_at)s::timestamptz[], %(stops_at)s::timestamptz[],
           %(ends_at)s::timestamptz[], %(anchor_at)s::timestamptz[], %(services)s::text[]
       ) AS item (day, starts_at, stops_at, ends_at, anchor_at, services);

UPDATE provider
   SET opened_until = %(opened_until)s::date,
       zone_data = %(zone_data)s::text,
       calendar_version = provider.calendar_version + %(raised)s::integer
 WHERE provider.id = %(provider_id)s::bigint
RETURNING provider.calendar_version;


-- name: opening_behind :many
-- Providers whose openings do not reach as far as anything can be booked, and a few days more, or
-- were made with older zone data.
SELECT provider.id, provider.zone_data COLLATE "C" < %(zone_data)s::text AS older
  FROM provider
 CROSS JOIN (SELECT furthest_horizon() AS days OFFSET 0) AS horizon
 WHERE provider.id > %(after_id)s::bigint
   AND (provider.opened_until < (now() AT TIME ZONE wall_zone(provider))::date
                                + horizon.days + %(spare_days)s::integer
        OR provider.zone_data COLLATE "C" < %(zone_data)s::text)
 ORDER BY provider.id
 LIMIT %(limit)s::integer;


-- name: opening_least :value
-- For how many days ahead the provider with the fewest has openings; NULL where none has any.
SELECT min(provider.opened_until - (now() AT TIME ZONE wall_zone(provider))::date)
  FROM provider;


-- name: opening_off_wall :many
-- By provider, how many coming slots begin at another reading than was promised.
SELECT provider.id, off.slots
  FROM provider
 CROSS JOIN LATERAL (
       SELECT count(*) AS slots
         FROM slot
        WHERE slot.provider_id = provider.id
          AND slot.starts_at > now()
          AND slot.deleted_at IS NULL
          AND slot.wall_at <> slot.starts_at AT TIME ZONE wall_zone(provider)
 ) AS off
 WHERE provider.id > %(after_id)s::bigint
 ORDER BY provider.id
 LIMIT %(limit)s::integer;


-- name: opening_promise_anew :exec
-- A provider that moves to another zone promises what the wall shows there.
UPDATE slot
   SET wall_at = slot.starts_at AT TIME ZONE wall_zone(provider)
  FROM provider
 WHERE provider.id = %(provider_id)s::bigint
   AND slot.provider_id = provider.id
   AND slot.starts_at > now()
   AND slot.deleted_at IS NULL
   AND slot.wall_at IS NOT NULL;
