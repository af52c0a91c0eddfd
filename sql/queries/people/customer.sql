-- Customers as staff see them: those of the role, with a login or without. is_customer_of() says who
-- sees whom; staff_of is a provider's id, -1 for all.


-- name: customer_create :one
INSERT INTO account (username, username_key, name, email, phone, time_zone, language, made_by, words)
VALUES (NULL, NULL, %(name)s::text, %(email)s::text, %(phone)s::text, %(time_zone)s::text,
        %(language)s::text, nullif(%(made_by)s::bigint, 0), array_to_tsvector(%(words)s::text[]))
RETURNING customer_document(account) AS body;


-- name: customer_get :maybe
SELECT customer_document(account) AS body
  FROM account
 WHERE account.id = %(customer_id)s::bigint
   AND is_customer_of(account, %(staff_of)s::bigint);


-- name: customer_lock :maybe
-- The same, until the transaction ends.
SELECT account.id
  FROM account
 WHERE account.id = %(customer_id)s::bigint
   FOR NO KEY UPDATE;

SELECT customer_document(account) AS body
  FROM account
 WHERE account.id = %(customer_id)s::bigint
   AND is_customer_of(account, %(staff_of)s::bigint);


-- name: customer_change :one
UPDATE account
   SET name = %(name)s::text,
       email = %(email)s::text,
       phone = %(phone)s::text,
       time_zone = %(time_zone)s::text,
       language = %(language)s::text,
       words = array_to_tsvector(%(words)s::text[])
 WHERE id = %(customer_id)s::bigint
RETURNING customer_document(account) AS body;


-- name: customer_list :one
-- One page by id, as the JSON array itself. No index finds those of a provider, so only so many are
-- looked at: a page may have fewer than the limit, or none, and the next one goes on behind them.
WITH looked AS MATERIALIZED (
    SELECT account, account.id
      FROM account
     WHERE account.id > %(after_id)s::bigint
       AND account.role = 'customer'
     ORDER BY account.id
     LIMIT %(most_looks)s::integer
), page AS (
    SELECT looked.account, looked.id, row_number() OVER (ORDER BY looked.id) AS nth
      FROM looked
     WHERE is_customer_of(looked.account, %(staff_of)s::bigint)
     ORDER BY looked.id
     LIMIT %(limit)s::integer + 1
), ends AS (
    SELECT page.id
      FROM page
     WHERE page.nth = %(limit)s::integer
       AND (SELECT count(*) FROM page) > %(limit)s::integer
    UNION ALL
    (SELECT looked.id
       FROM looked
      WHERE (SELECT count(*) FROM page) <= %(limit)s::integer
     OFFSET %(most_looks)s::integer - 1)
)
SELECT '[' || coalesce(string_agg(customer_document(page.account), ',' ORDER BY page.nth), '') || ']'
           AS body,
       (SELECT ends.id FROM ends) AS last_id
  FROM page
 WHERE page.nth <= %(limit)s::integer;


-- name: customer_find :one
-- The same of those that have words which begin so. The index of words is one that is read as a
-- bitmap, which sessions of ours do without elsewhere.
SELECT set_config('enable_bitmapscan', 'on', true) AS bitmaps;

WITH found AS MATERIALIZED (
    SELECT account.id
      FROM account
     WHERE account.words @@ %(words)s::tsquery
), looked AS MATERIALIZED (
    SELECT account, account.id
      FROM (SELECT found.id
              FROM found
             WHERE found.id > %(after_id)s::bigint
             ORDER BY found.id
             LIMIT %(most_looks)s::integer) AS next
      JOIN account ON account.id = ANY (ARRAY[next.id])
), page AS (
    SELECT looked.account, looked.id, row_number() OVER (ORDER BY looked.id) AS nth
      FROM looked
     WHERE is_customer_of(looked.account, %(staff_of)s::bigint)
     ORDER BY looked.id
     LIMIT %(limit)s::integer + 1
), ends AS (
    SELECT page.id
      FROM page
     WHERE page.nth = %(limit)s::integer
       AND (SELECT count(*) FROM page) > %(limit)s::integer
    UNION ALL
    (SELECT max(looked.id)
       FROM looked
      WHERE (SELECT count(*) FROM page) <= %(limit)s::integer
     HAVING count(*) = %(most_looks)s::integer)
)
SELECT '[' || coalesce(string_agg(customer_document(page.account), ',' ORDER BY page.nth), '') || ']'
           AS body,
       (SELECT ends.id FROM ends) AS last_id
  FROM page
 WHERE page.nth <= %(limit)s::integer;


-- name: customer_lock_both :many
-- Those of two that there are, for one to become the other. Nobody books for them any more: who has
-- just done so is waited for.
SELECT account.id
  FROM account
 WHERE account.id = ANY (%(customer_id)s::bigint[])
 ORDER BY account.id
   FOR UPDATE;

SELECT account.id
  FROM account
 WHERE account.id = ANY (%(customer_id)s::bigint[])
   AND account.role = 'customer'
 ORDER BY account.id
 LIMIT 2;


-- name: customer_merge :exec
-- All that one customer has becomes another's, what is not known of that one as well; then it is gone.
-- A key that both have stays the other's. Appointments are locked in the order of the index that finds
-- them: nobody else's are gone through.
SELECT account.id
  FROM account
 WHERE account.id = ANY (ARRAY[%(customer_id)s::bigint, %(into_id)s::bigint])
 ORDER BY account.id
   FOR UPDATE;

SELECT appointment.id
  FROM appointment
 WHERE appointment.account_id = ANY (ARRAY[%(customer_id)s::bigint])
 ORDER BY appointment.account_id, appointment.id
   FOR NO KEY UPDATE;

UPDATE appointment_history AS change
   SET actor_id = %(into_id)s::bigint
  FROM appointment
 WHERE appointment.account_id = %(customer_id)s::bigint
   AND change.appointment_id = ANY (ARRAY[appointment.id])
   AND change.actor_id = %(customer_id)s::bigint;

UPDATE appointment
   SET account_id = %(into_id)s::bigint
 WHERE appointment.account_id = %(customer_id)s::bigint;

UPDATE event
   SET account_id = %(into_id)s::bigint
 WHERE event.account_id = %(customer_id)s::bigint;

UPDATE idempotency AS kept
   SET account_id = %(into_id)s::bigint
 WHERE kept.account_id = %(customer_id)s::bigint
   AND NOT EXISTS (SELECT FROM idempotency AS other
                    WHERE other.account_id = %(into_id)s::bigint
                      AND other.key = kept.key);

DELETE FROM idempotency AS kept
 WHERE kept.account_id = %(customer_id)s::bigint;

UPDATE account AS other
   SET name = coalesce(other.name, gone.name),
       email = coalesce(other.email, gone.email),
       phone = coalesce(other.phone, gone.phone),
       time_zone = coalesce(other.time_zone, gone.time_zone),
       language = coalesce(other.language, gone.language),
       made_by = coalesce(other.made_by, gone.made_by)
  FROM account AS gone
 WHERE other.id = %(into_id)s::bigint
   AND gone.id = %(customer_id)s::bigint;

DELETE FROM account
 WHERE account.id = %(customer_id)s::bigint;
