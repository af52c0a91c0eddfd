-- A series is the appointments of its dates, which are booked, moved and ended as all others are.


-- name: series_create :value
WITH made AS (
    INSERT INTO series (service_id, provider_id)
    VALUES (%(service_id)s::bigint, %(provider_id)s::bigint)
    RETURNING series.id
), dated AS (
    INSERT INTO series_date (series_id, day, starts_at, appointment_id, code)
    SELECT made.id, date.day, date.starts_at, date.appointment_id, date.code
      FROM made
     CROSS JOIN unnest(%(day)s::date[], %(starts_at)s::timestamptz[],
                       %(appointment_id)s::bigint[], %(code)s::text[])
         AS date (day, starts_at, appointment_id, code)
)
SELECT made.id
  FROM made;


-- name: series_get :many
-- The dates of a series that is one's own or of one's calendar. An appointment is shown where it is now;
-- coming_on is the day of one that can still be cancelled, on its provider's clock.
SELECT series.service_id, series.provider_id, date.day, coalesce(slot.starts_at, date.starts_at) AS starts_at,
       date.appointment_id, date.code,
       status_now(appointment.status, appointment.expires_at) AS status,
       CASE WHEN is_coming(appointment.status, appointment.expires_at) AND slot.starts_at > now()
            THEN (slot.starts_at AT TIME ZONE wall_zone(provider))::date
       END AS coming_on
  FROM series
  JOIN series_date AS date ON date.series_id = series.id
  LEFT JOIN appointment ON appointment.id = ANY (ARRAY[date.appointment_id])
  LEFT JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
  LEFT JOIN provider ON provider.id = ANY (ARRAY[slot.provider_id])
 WHERE series.id = %(series_id)s::bigint
   AND (%(staff_of)s::bigint IN (-1, series.provider_id)
        OR EXISTS (SELECT FROM series_date AS own
                     JOIN appointment AS mine ON mine.id = ANY (ARRAY[own.appointment_id])
                    WHERE own.series_id = series.id
                      AND mine.account_id = %(account_id)s::bigint))
 ORDER BY date.day
 LIMIT 52;
