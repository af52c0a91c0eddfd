-- What staff do around a booking that they make by a slot for somebody else, or override something for.
-- Between these two, in the same transaction, appointment_book decides as it always does.


-- name: appointment_desk_admit :one
-- Whether they may, and whether the slot was opened for them: where it is closed, by hand or by a calendar of
-- somebody else, and they override that, it is open until they have booked. Nobody else sees it so. Account and
-- slot are locked in the order of book.sql.
SELECT account.id
  FROM account
 WHERE account.id = %(account_id)s::bigint
   FOR NO KEY UPDATE;

SELECT slot.id
  FROM slot
 WHERE slot.id = %(slot_id)s::bigint
   FOR NO KEY UPDATE;

WITH shut AS (
    SELECT slot.id, slot.closed
      FROM slot
     WHERE slot.id = %(slot_id)s::bigint
       AND (slot.closed OR slot.blocked_at IS NOT NULL)
       AND %(opens)s::boolean
), opened AS (
    UPDATE slot
       SET closed = false, blocked_at = NULL
      FROM shut
     WHERE slot.id = shut.id
)
SELECT CASE
           WHEN num_nulls(slot.id) = 1 OR num_nulls(slot.deleted_at) = 0 THEN 'no_slot'
           WHEN asked.account_id <> %(actor_id)s::bigint
            AND is_customer_of(customer, %(staff_of)s::bigint) IS NOT TRUE THEN 'no_customer'
           WHEN NOT is_staff(slot, %(staff_of)s::bigint) THEN 'forbidden'
       END AS refusal,
       EXISTS (SELECT FROM shut) AS opened,
       EXISTS (SELECT FROM shut WHERE shut.closed) AS closed
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
   SET closed = %(closed)s::boolean,
       blocked_at = CASE WHEN is_blocked(slot.provider_id, slot.starts_at, slot.ends_at) THEN now() END
  FROM appointment
 WHERE appointment.id = %(appointment_id)s::bigint
   AND slot.id = appointment.slot_id
   AND %(closes)s::boolean;
