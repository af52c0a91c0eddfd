-- What staff do around a booking that they make by a slot for somebody else, or override something for.
-- Between these two, in the same transaction, appointment_book decides as it always does.


-- name: appointment_desk_admit :one
-- Whether they may, and whether the slot was opened for them: where it is closed and they override that, it
-- is open until they have booked. Nobody else sees it so. Account and slot are locked in the order of book.sql.
SELECT account.id
  FROM account
 WHERE account.id = %(account_id)s::bigint
   FOR NO KEY UPDATE;

SELECT slot.id
  FROM slot
 WHERE slot.id = %(slot_id)s::bigint
   FOR NO KEY UPDATE;

WITH opened AS (
    UPDATE slot
       SET closed = false
     WHERE slot.id = %(slot_id)s::bigint
       AND slot.closed
       AND %(opens)s::boolean
    RETURNING slot.id
)
SELECT CASE
           WHEN num_nulls(slot.id) = 1 OR num_nulls(slot.deleted_at) = 0 THEN 'no_slot'
           WHEN asked.account_id <> %(actor_id)s::bigint
            AND is_customer_of(customer, %(staff_of)s::bigint) IS NOT TRUE THEN 'no_customer'
           WHEN NOT is_staff(slot, %(staff_of)s::bigint) THEN 'forbidden'
       END AS refusal,
       EXISTS (SELECT FROM opened) AS opened
  FROM (SELECT %(account_id)s::bigint AS account_id) AS asked
  LEFT JOIN account AS customer ON customer.id = asked.account_id
  LEFT JOIN slot ON slot.id = %(slot_id)s::bigint;


-- name: appointment_desk_note :exec
-- Who has booked it, and why.
UPDATE appointment_history AS change
   SET actor_id = %(actor_id)s::bigint,
       reason = %(reason)s::text,
       overrides = nullif(%(overrides)s::text[], '{}')
 WHERE change.appointment_id = %(appointment_id)s::bigint;

UPDATE slot
   SET closed = true
  FROM appointment
 WHERE appointment.id = %(appointment_id)s::bigint
   AND slot.id = appointment.slot_id
   AND %(closes)s::boolean;
