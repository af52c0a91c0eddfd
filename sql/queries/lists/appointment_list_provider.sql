-- Appointments of some providers, for their staff, page by page; appointment_list.sql says why a page may end early,
-- and book.sql why it is `= ANY (ARRAY[x])`.


-- name: appointment_list_provider :one
-- One page as the JSON array itself: by the time of their slots, and in a slot the oldest booking first.
-- For each provider the ids first, slot by slot and by two partial indexes that together have every
-- appointment; a slot without any is a row that was looked at, too. Where one provider's end because
-- enough was looked at, nothing is known of it further on: the page ends there. Then the rest of those
-- that are on the page.
WITH start AS (
    SELECT slot.starts_at, slot.id
      FROM slot
     WHERE slot.id = %(after_slot_id)s::bigint
       AND slot.starts_at >= %(from_at)s::timestamptz
     UNION ALL
    SELECT %(from_at)s::timestamptz, 0
     ORDER BY starts_at DESC, id DESC
     LIMIT 1
), kept AS (
    SELECT walked.*, row_number() OVER in_time AS nth,
           coalesce(bool_or(walked.look = %(most_looks)s::integer) OVER earlier, false) AS unknown
      FROM unnest(%(provider_ids)s::bigint[]) AS asked (provider_id)
     CROSS JOIN LATERAL (
            SELECT looked.*, wanted.found
              FROM (SELECT slot.starts_at, slot.id AS slot_id, appointment.id, appointment.status,
                           row_number() OVER (ORDER BY slot.starts_at, slot.id, appointment.id) AS look
                      FROM (SELECT slot.starts_at, slot.id,
                                   CASE WHEN slot.id = %(after_slot_id)s::bigint THEN %(after_id)s::bigint
                                        ELSE 0
                                   END AS after_id
                              FROM slot
                             WHERE slot.provider_id = asked.provider_id
                               AND (slot.starts_at, slot.id)
                                   >= ((SELECT start.starts_at FROM start), (SELECT start.id FROM start))
                               AND slot.starts_at < %(to_at)s::timestamptz
                             ORDER BY slot.starts_at, slot.id
                             LIMIT %(most_looks)s::integer + 1) AS slot
                      LEFT JOIN LATERAL (
                            SELECT live.id, status_now(live.status, live.expires_at) AS status
                              FROM appointment AS live
                             WHERE live.slot_id = slot.id
                               AND live.status <> 'cancelled'
                               AND live.place > 0
                               AND live.id + 0 > slot.after_id  -- else by all ids from there on
                             UNION ALL
                            (SELECT gone.id, gone.status
                               FROM appointment AS gone
                              WHERE gone.slot_id = slot.id
                                AND gone.status IN ('cancelled', 'declined')
                                AND (gone.slot_id, gone.id) > (slot.id, slot.after_id)
                                AND %(statuses)s::text[] && '{cancelled,declined}'
                              ORDER BY gone.id
                              LIMIT %(most_looks)s::integer)
                     ) AS appointment ON true
                     WHERE appointment.id IS NOT NULL
                        OR slot.id <> %(after_slot_id)s::bigint  -- that one was on the page before
                     ORDER BY slot.starts_at, slot.id, appointment.id
                     LIMIT %(most_looks)s::integer) AS looked
             CROSS JOIN LATERAL (
                    SELECT looked.status = ANY (%(statuses)s::text[])
                       AND (NOT %(outside_hours)s::boolean
                            OR is_open(looked.status)
                           AND EXISTS (SELECT
                                         FROM slot
                                         JOIN provider ON provider.id = slot.provider_id
                                        WHERE slot.id = looked.slot_id
                                          AND slot.starts_at > now()
                                          AND outside_hours(slot, provider) IS NOT NULL)) AS found
                    OFFSET 0
             ) AS wanted
             WHERE wanted.found
                OR looked.look = %(most_looks)s::integer
             ORDER BY looked.starts_at, looked.slot_id, looked.id
             LIMIT %(limit)s::integer + 1
     ) AS walked
    WINDOW in_time AS (ORDER BY walked.starts_at, walked.slot_id, walked.id),
           earlier AS (in_time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
     ORDER BY walked.starts_at, walked.slot_id, walked.id
     LIMIT %(limit)s::integer + 1
), page AS (
    SELECT kept.nth, kept.look, kept.slot_id, kept.id, kept.found,
           appointment.notes, status_now(appointment.status, appointment.expires_at) AS status,
           shown_name(account) AS username, slot, provider,
           coalesce(sum(octet_length(appointment.notes)) OVER earlier, 0) AS before
      FROM kept
      LEFT JOIN appointment ON appointment.id = ANY (ARRAY[kept.id])
      LEFT JOIN slot ON slot.id = ANY (ARRAY[appointment.slot_id])
      LEFT JOIN provider ON provider.id = slot.provider_id
      LEFT JOIN account ON account.id = ANY (ARRAY[appointment.account_id])
     WHERE NOT kept.unknown
    WINDOW earlier AS (ORDER BY kept.nth ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT '[' || coalesce(string_agg(row_to_json(ROW (
                  page.id,
                  CASE WHEN %(expand)s::boolean
                       THEN row_to_json(slot_full(page.slot, page.provider))
                       ELSE row_to_json(slot_named(page.slot, page.provider))
                  END,
                  page.username,
                  page.notes,
                  page.status
              )::appointment_document)::text, ',' ORDER BY page.nth)
              FILTER (WHERE page.found), '') || ']' AS body,
       (array_agg(page.slot_id ORDER BY page.nth DESC))[1] AS last_slot_id,
       coalesce((array_agg(page.id ORDER BY page.nth DESC))[1], 0) AS last_id,
       (SELECT count(*) FROM kept)
           > count(*) FILTER (WHERE page.look < %(most_looks)s::integer) AS more
  FROM page
 WHERE page.nth <= %(limit)s::integer
   AND page.before < %(most_bytes)s::integer;
