-- serves: 17
-- Whether a person has another open appointment at that time. How many places of one slot a person may
-- have is up to that.
CREATE FUNCTION has_overlap(
    account_id bigint, starts_at timestamptz, ends_at timestamptz, slot_id bigint, except_id bigint
) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT
          FROM appointment
          -- As in customer_counts().
         CROSS JOIN LATERAL (
               SELECT
                 FROM slot
                WHERE slot.id = appointment.slot_id
                  AND is_open(appointment.status)
                  AND NOT is_aside(appointment.id, appointment.slot_id)
                  AND slot.starts_at < has_overlap.ends_at
                  AND slot.ends_at > has_overlap.starts_at
                  AND slot.id IS DISTINCT FROM has_overlap.slot_id
                LIMIT 1
         ) AS at
         WHERE appointment.account_id = has_overlap.account_id
           AND appointment.id <> except_id);
END;

DROP FUNCTION refusals_for(bigint, service, text[], date, bigint, bigint, integer);

-- What a verdict comes to for a person: with their limits, and whether they are in the slot that stands
-- there already. met is the limit that is; of an appointment that is moved, and does not count, only those
-- of a day are asked. own is when the person may have nothing else, NULL where that is allowed.
CREATE FUNCTION refusals_for(
    account_id bigint, service service, said text[], local_day date, slot_id bigint,
    except_id bigint, max_open integer, own tstzrange DEFAULT NULL
) RETURNS TABLE (refusals text[], met text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
               WHEN theirs.met IS NULL AND theirs.already IS NOT TRUE THEN said
               ELSE ARRAY(SELECT refusal.code
                            FROM unnest(said
                                        || CASE WHEN theirs.met IS NOT NULL THEN ARRAY['limit_reached'] END
                                        || CASE WHEN theirs.already THEN ARRAY['already_booked'] END)
                              AS refusal (code)
                           GROUP BY refusal.code
                           ORDER BY refusal_rank(refusal.code))
           END,
           CASE WHEN 'limit_reached' = ANY (said) THEN 'per_day' ELSE theirs.met END
      FROM (SELECT coalesce(
                       limit_met(service, counts.of_day,
                                 CASE WHEN except_id = 0 THEN counts.of_service END, counts.open, max_open),
                       CASE WHEN num_nulls(refusals_for.own) = 0
                             AND has_overlap(refusals_for.account_id, lower(refusals_for.own),
                                             upper(refusals_for.own), refusals_for.slot_id, except_id)
                            THEN 'overlap'
                       END) AS met,
                   counts.in_slot >= shared.per_person AND shared.per_person < shared.capacity AS already
              FROM customer_counts(
                       service, refusals_for.account_id, local_day, refusals_for.slot_id, except_id,
                       max_open > 0
                       OR num_nulls(service.per_customer_day, service.per_customer_open) < 2
                       OR num_nulls(refusals_for.slot_id) = 0) AS counts
              LEFT JOIN slot AS shared ON shared.id = ANY (ARRAY[refusals_for.slot_id])) AS theirs;
END;

-- What of refusals is left where staff override some by name, and the names that it took; waived are the
-- codes that the names stand for. A slot which stands there stays full, and buffers give way only where no
-- slot itself does. Nothing is looked up without an override.
CREATE FUNCTION overridden(
    override text, waived text, said text[], slot_id bigint, missing text,
    provider_id bigint, starts_at timestamptz, ends_at timestamptz
) RETURNS TABLE (refusals text[], overrides text[])
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(array_agg(refusal.code ORDER BY refusal.nth)
                        FILTER (WHERE waiver.name IS NULL), '{}'),
           array_agg(DISTINCT waiver.name) FILTER (WHERE waiver.name IS NOT NULL)
      FROM unnest(said) WITH ORDINALITY AS refusal (code, nth)
      LEFT JOIN unnest(string_to_array(override, ','), string_to_array(waived, ',')) AS waiver (name, code)
             ON waiver.code = refusal.code
            AND (waiver.code <> 'slot_taken' OR num_nulls(overridden.slot_id) = 1)
            AND (waiver.name <> 'buffer'
                 OR (num_nulls(overridden.missing) = 1
                     AND NOT EXISTS (SELECT FROM slot
                                      WHERE slot.provider_id = overridden.provider_id
                                        AND num_nulls(slot.deleted_at) = 1
                                        AND slot.starts_at < overridden.ends_at
                                        AND slot.ends_at > overridden.starts_at
                                        AND slot.starts_at > overridden.starts_at - interval '48 hours')))
     WHERE override <> '';
END;
