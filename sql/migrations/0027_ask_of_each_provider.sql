-- What a verdict comes to for a person is asked of each provider, by booking as by explain: who is at a
-- limit, or in the slot already, with the one may still be free with another.
-- serves: 17
-- The opening of a provider in which a service may begin at an instant.
CREATE FUNCTION opening_at(provider_id bigint, service_id bigint, at timestamptz) RETURNS SETOF opening
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT opening.*
      FROM opening
     WHERE opening.provider_id = opening_at.provider_id
       AND opening.starts_at <= at
       AND opening.starts_at > at - interval '48 hours'
       AND opening.stops_at > at
       AND (opening.service_ids IS NULL OR opening_at.service_id = ANY (opening.service_ids))
     LIMIT 1;
END;

-- What is to be said of one time of a service with a provider: nothing speaks against it where the
-- refusals are empty. slot_id is of the slot that stands there already; where none does, rooms are the
-- providers that would go with it, missing is the first role that nobody is free for.
CREATE OR REPLACE FUNCTION time_verdict(
    service service, provider provider, at timestamptz, size integer, except_slot_id bigint
) RETURNS TABLE (
    refusals text[], slot_id bigint, ends_at timestamptz, block tstzrange, rooms bigint[], missing text, local_day date
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN shared.id IS NOT NULL
                THEN shared_refusals(
                         shared.starts_at, shared.ends_at, size <= service.party_max, terms.earliest,
                         terms.last_day, coalesce(opening.day, asked.local_day), closed.times,
                         NOT shared.closed AND shared.booked + size <= shared.capacity)
                ELSE time_refusals(
                         at, asked.ends_at, asked.block, size <= service.party_max, terms.earliest,
                         terms.last_day, asked.local_day, opening.day, opening.ends_at,
                         date_bin(terms.step, at, opening.anchor_at) = at,
                         closed.times, full_days.days, busy.times, rooms.missing)
           END,
           shared.id, coalesce(shared.ends_at, asked.ends_at), asked.block,
           CASE WHEN num_nulls(shared.id) = 1 THEN rooms.ids END,
           CASE WHEN num_nulls(shared.id) = 1 THEN rooms.missing END,
           asked.local_day
      FROM service_terms(service, provider) AS terms
     CROSS JOIN LATERAL (
           SELECT at + terms.duration AS ends_at,
                  tstzrange(at - terms.before, at + terms.after) AS block,
                  (at AT TIME ZONE terms.zone)::date AS local_day
           OFFSET 0
     ) AS asked
      LEFT JOIN LATERAL shared_slot(service.id, provider.id, at, except_slot_id) AS shared ON true
      LEFT JOIN LATERAL opening_at(provider.id, service.id, at) AS opening ON true
     CROSS JOIN LATERAL closed_times(
               provider, at, coalesce(shared.ends_at, asked.ends_at)) AS closed
     CROSS JOIN LATERAL full_days(service, provider, at, at, except_slot_id) AS full_days
     CROSS JOIN LATERAL busy_times(
               provider.id, lower(asked.block), upper(asked.block), except_slot_id) AS busy
     CROSS JOIN LATERAL (
           SELECT array_agg(room.provider_id) AS ids,
                  min(room.role) FILTER (WHERE num_nulls(room.provider_id) = 1) AS missing
             FROM rooms_at(service.id, asked.block, except_slot_id) AS room
     ) AS rooms;
END;

-- The times of a service with a provider that begin from an instant to before another.
CREATE OR REPLACE FUNCTION service_times(
    service service, provider provider, from_at timestamptz, to_at timestamptz,
    size integer, except_slot_id bigint
) RETURNS TABLE (starts_at timestamptz, ends_at timestamptz, remaining integer, slot_id bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH known AS MATERIALIZED (
        SELECT terms.*, size <= service.party_max AS fits, service.id AS service_id, service.capacity,
               closed.times AS closed, full_days.days AS full_days, busy.times AS busy,
               EXISTS (SELECT FROM service_need WHERE service_need.service_id = service.id) AS needs
          FROM service_terms(service, provider) AS terms
         CROSS JOIN LATERAL closed_times(provider, from_at, to_at + interval '24 hours') AS closed
         CROSS JOIN LATERAL full_days(service, provider, from_at, to_at, except_slot_id) AS full_days
         CROSS JOIN LATERAL busy_times(
                   provider.id, from_at - interval '8 hours', to_at + interval '32 hours', except_slot_id) AS busy
    )
    SELECT start.at, start.at + known.duration, known.capacity, NULL::bigint
      FROM opening
     CROSS JOIN known
     CROSS JOIN LATERAL generate_series(
               date_bin(known.step, greatest(opening.starts_at, from_at, now())
                                    + known.step - interval '1 microsecond', opening.anchor_at),
               least(opening.ends_at - known.duration,
                     opening.stops_at - interval '1 microsecond', to_at - interval '1 microsecond'),
               known.step) AS start (at)
     WHERE opening.provider_id = provider.id
       AND opening.starts_at > from_at - interval '48 hours'
       AND opening.starts_at < to_at
       AND opening.stops_at > from_at
       AND (opening.service_ids IS NULL OR known.service_id = ANY (opening.service_ids))
       AND time_refusals(
               start.at, start.at + known.duration,
               tstzrange(start.at - known.before, start.at + known.after), known.fits,
               known.earliest, known.last_day,
               CASE WHEN known.full_days <> '{}' THEN (start.at AT TIME ZONE known.zone)::date END,
               opening.day, opening.ends_at, true, known.closed, known.full_days, known.busy,
               CASE WHEN known.needs
                    THEN (SELECT min(room.role)
                            FROM rooms_at(known.service_id,
                                          tstzrange(start.at - known.before, start.at + known.after),
                                          except_slot_id) AS room
                           WHERE num_nulls(room.provider_id) = 1)
               END) = '{}'
     UNION ALL
    SELECT slot.starts_at, slot.ends_at, slot.capacity - slot.booked, slot.id
      FROM slot
     CROSS JOIN known
     WHERE slot.provider_id = provider.id
       AND slot.starts_at >= greatest(from_at, now())
       AND slot.starts_at < to_at
       AND num_nulls(slot.deleted_at) = 1
       AND slot.service_id = service.id
       AND slot.lead_slot_id IS NULL
       AND (slot.capacity > 1 OR NOT is_made(slot))
       AND slot.id <> except_slot_id
       AND shared_refusals(
               slot.starts_at, slot.ends_at, known.fits, known.earliest, known.last_day,
               coalesce((SELECT opening.day
                           FROM opening_at(provider.id, known.service_id, slot.starts_at) AS opening),
                        (slot.starts_at AT TIME ZONE known.zone)::date), known.closed,
               NOT slot.closed AND slot.booked + size <= slot.capacity) = '{}';
END;

-- How far a refusal is in the order of time_refusals(), for who of several came closest.
CREATE OR REPLACE FUNCTION refusal_rank(code text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_position(ARRAY['party_too_large', 'slot_in_past', 'too_soon', 'too_far', 'closed',
                            'off_grid', 'limit_reached', 'slot_taken', 'already_booked'], code);

-- What a verdict comes to for a person: with their limits, and whether they are in the slot that stands
-- there already. met is the limit that is; of an appointment that is moved, and does not count, only those
-- of a day are asked.
CREATE FUNCTION refusals_for(
    account_id bigint, service service, said text[], local_day date, slot_id bigint,
    except_id bigint, max_open integer
) RETURNS TABLE (refusals text[], met text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE
               WHEN own.met IS NULL AND own.already IS NOT TRUE THEN said
               ELSE ARRAY(SELECT refusal.code
                            FROM unnest(said
                                        || CASE WHEN own.met IS NOT NULL THEN ARRAY['limit_reached'] END
                                        || CASE WHEN own.already THEN ARRAY['already_booked'] END)
                              AS refusal (code)
                           GROUP BY refusal.code
                           ORDER BY refusal_rank(refusal.code))
           END,
           CASE WHEN 'limit_reached' = ANY (said) THEN 'per_day' ELSE own.met END
      FROM (SELECT limit_met(service, counts.of_day,
                             CASE WHEN except_id = 0 THEN counts.of_service END, counts.open,
                             max_open) AS met,
                   counts.in_slot >= shared.per_person AND shared.per_person < shared.capacity AS already
              FROM customer_counts(
                       service, refusals_for.account_id, local_day, refusals_for.slot_id, except_id,
                       max_open > 0
                       OR num_nulls(service.per_customer_day, service.per_customer_open) < 2
                       OR num_nulls(refusals_for.slot_id) = 0) AS counts
              LEFT JOIN slot AS shared ON shared.id = ANY (ARRAY[refusals_for.slot_id])) AS own;
END;

-- How long before it customers may still change what they have in a slot: as its service said when it was
-- made, or as usual.
CREATE FUNCTION notice_of(slot slot, usual interval) RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN slot.service_id IS NULL THEN usual
    ELSE coalesce(
        (SELECT make_interval(mins => (said.document ->> 'notice_minutes')::integer)
           FROM service_version AS said
          WHERE said.service_id = slot.service_id
            AND said.version = slot.service_version), usual)
END;

-- Free places of a slot, as many as are asked for and as there is room for: those of a party but the first
-- look free. Where nobody has booked, nothing is looked up.
CREATE OR REPLACE FUNCTION free_places(slot slot, asked bigint) RETURNS SETOF integer
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT place
      FROM generate_series(1, slot.capacity) AS place
     WHERE slot.booked = 0
        OR NOT EXISTS (
               SELECT FROM appointment
                WHERE appointment.slot_id = slot.id
                  AND appointment.place = place.place
                  AND appointment.status <> 'cancelled'
           )
     LIMIT least(asked, slot.capacity - slot.booked);
END;
