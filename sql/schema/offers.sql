-- What is freed is offered to who waits for it, in the transaction that frees it.

-- How many places of a slot are free for those in line; all of one that was made for a time and has gone in
-- this transaction, with whoever left it.
CREATE FUNCTION room_in(slot slot) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN slot.closed OR slot.blocked_at IS NOT NULL THEN 0
    WHEN slot.deleted_at IS NULL THEN slot.capacity - slot.booked
    WHEN is_made(slot) AND slot.deleted_at = now() THEN slot.capacity
    ELSE 0
END;

-- Whether who waits can have a place in a slot, by their limits; who waits for a service, by all its rules.
-- What comes back has to be what it was: only that time is ours, and only those rooms.
CREATE FUNCTION may_have(waiting waiting, target slot) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
BEGIN
    RETURN (
        SELECT told.refusals = '{}'
               AND (waiting.service_id IS NULL
                    OR (service.retired_at IS NULL
                        AND offers(target.provider_id, service.id)
                        AND (verdict.slot_id = target.id
                             OR (verdict.slot_id IS NULL
                                 AND verdict.ends_at = target.ends_at
                                 AND verdict.block <@ blocks(target)
                                 AND went.rooms = (SELECT count(DISTINCT need.role)
                                                     FROM service_need AS need
                                                    WHERE need.service_id = service.id)))))
          FROM provider
          LEFT JOIN service ON service.id = ANY (ARRAY[target.service_id])
          LEFT JOIN LATERAL time_verdict(service, provider, target.starts_at, waiting.size, 0) AS verdict
                 ON waiting.service_id IS NOT NULL
         CROSS JOIN LATERAL refusals_for(
                   waiting.account_id, service, coalesce(verdict.refusals, '{}'), verdict.local_day,
                   CASE WHEN target.deleted_at IS NULL THEN target.id END, 0, waiting.max_open,
                   CASE WHEN waiting.no_overlap THEN tstzrange(target.starts_at, target.ends_at) END) AS told
         CROSS JOIN LATERAL (
               SELECT count(*) AS rooms
                 FROM slot AS room
                CROSS JOIN LATERAL busy_times(
                          room.provider_id, lower(blocks(room)), upper(blocks(room)), 0) AS busy
                WHERE room.lead_slot_id = ANY (ARRAY[target.id])
                  AND room.deleted_at = target.deleted_at
                  AND NOT busy.times && blocks(room)
         ) AS went
         WHERE provider.id = target.provider_id
    );
END
$$;

-- Holds a place of a slot for who waits, which brings it back where it has gone, with what went with it.
CREATE FUNCTION offer_to(first waiting, target slot, expires_at timestamptz) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    WITH held AS (
        INSERT INTO appointment (slot_id, place, account_id, size, status, expires_at)
        SELECT target.id, free.place, first.account_id, first.size, 'held', offer_to.expires_at
          FROM free_places(target, 1) AS free (place)
        RETURNING appointment.id, appointment.slot_id, appointment.status
    ), recorded AS (
        INSERT INTO appointment_history (appointment_id, at, actor_id, action, to_slot_id, to_status)
        SELECT held.id, clock_timestamp(), 0, 'offer', held.slot_id, held.status
          FROM held
    ), counted AS (
        UPDATE slot
           SET booked = slot.booked + first.size, version = slot.version + 1, deleted_at = NULL,
               chosen = CASE WHEN target.deleted_at IS NULL THEN slot.chosen END,
               next_expiry = least(slot.next_expiry, offer_to.expires_at)
         WHERE slot.id = target.id
    ), with_it AS (
        UPDATE slot
           SET booked = 1, version = slot.version + 1, deleted_at = NULL,
               next_expiry = least(target.next_expiry, offer_to.expires_at)
         WHERE slot.lead_slot_id = target.id
           AND slot.deleted_at IS NOT DISTINCT FROM target.deleted_at
    ), told AS (
        UPDATE waiting
           SET hold_id = held.id
          FROM held
         WHERE waiting.id = first.id
    )
    DELETE FROM waiting_line AS stand
     USING waiting_days(first) AS waited
     WHERE stand.slot_id = coalesce(first.slot_id, 0)
       AND stand.service_id = coalesce(first.service_id, 0)
       AND stand.provider_id = coalesce(first.provider_id, 0)
       AND stand.day = waited.day
       AND stand.waiting_id = first.id;
END
$$;

-- Whether somebody waits still, who is locked from now on with all that counts for them: another who offers them
-- something, or what they book themselves, comes before this or after it. Who books locks the person before the
-- place, and here it is the other way round: whoever waits here for long may wait in a circle, and lets go.
CREATE FUNCTION still_waits(first waiting) RETURNS boolean
LANGUAGE plpgsql
SET lock_timeout = '0.2s'
AS $$
BEGIN
    PERFORM FROM account WHERE account.id = first.account_id FOR NO KEY UPDATE;
    PERFORM FROM waiting
      WHERE waiting.id = first.id AND waiting.hold_id IS NULL AND waiting.left_at IS NULL
        FOR NO KEY UPDATE;
    RETURN FOUND;
EXCEPTION WHEN lock_not_available THEN
    RAISE serialization_failure USING MESSAGE = 'who waits is locked by somebody else';
END
$$;

-- Offers what is free in a slot to those in line, one after the other, while there is room. Who may not have it
-- is passed over.
CREATE FUNCTION offer(slot_id bigint) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    target slot;
    first waiting;
    expires_at timestamptz;
    last_id bigint := 0;
    passed boolean;
BEGIN
    PERFORM line_lock(slot.id, 0, false), line_lock(0, slot.service_id, false)
       FROM slot
      WHERE slot.id = offer.slot_id;
    LOOP
        SELECT slot.* INTO target FROM slot WHERE slot.id = offer.slot_id;
        EXIT WHEN room_in(target) < 1;  -- else the whole line is asked who comes with nobody
        SELECT line.* INTO first FROM next_in_line(target, room_in(target), last_id) AS line;
        EXIT WHEN first.id IS NULL;
        expires_at := offer_until(target);
        EXIT WHEN expires_at IS NULL;
        -- Who comes first mostly may have it, and is locked before anybody looks; of the others, who may.
        passed := last_id > 0 AND may_have(first, target) IS NOT TRUE;
        last_id := first.id;
        CONTINUE WHEN passed OR NOT still_waits(first);
        IF may_have(first, target) THEN
            PERFORM offer_to(first, target, expires_at);
        END IF;
    END LOOP;
END
$$;

-- Makes the slot of a time, as booking it does, with what goes with it. Nobody is in it yet.
CREATE FUNCTION made_for(
    service service, provider provider, starts_at timestamptz, ends_at timestamptz, block tstzrange, rooms bigint[]
) RETURNS slot
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH made AS (
        INSERT INTO slot (
                   provider_id, starts_at, ends_at, capacity, service_id, service_version,
                   blocks_from, blocks_until, wall_at)
        SELECT provider.id, made_for.starts_at, made_for.ends_at, service.capacity, service.id, service.version,
               lower(block), upper(block), made_for.starts_at AT TIME ZONE wall_zone(provider)
        RETURNING slot AS one
    ), with_it AS (
        INSERT INTO slot (
                   provider_id, starts_at, ends_at, service_id, service_version, lead_slot_id,
                   blocks_from, blocks_until, wall_at)
        SELECT room.id, (made.one).starts_at, (made.one).ends_at, (made.one).service_id,
               (made.one).service_version, (made.one).id,
               (made.one).blocks_from, (made.one).blocks_until, (made.one).wall_at
          FROM made
         CROSS JOIN unnest(rooms) AS room (id)
         WHERE room.id IS NOT NULL
         ORDER BY room.id
    )
    SELECT made.one FROM made;
END;

-- The first time that suits who waits for a service, of these providers and between two instants; no row where
-- there is none.
CREATE FUNCTION first_free(first waiting, provider_ids bigint[], from_at timestamptz, to_at timestamptz)
RETURNS TABLE (
    service service, provider provider, starts_at timestamptz, ends_at timestamptz, block tstzrange, rooms bigint[],
    slot_id bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT service, provider, time.starts_at, verdict.ends_at, verdict.block, verdict.rooms, verdict.slot_id
      FROM service
     CROSS JOIN givers(service.id, coalesce(first.provider_id, 0)) AS giver
      JOIN provider
        ON provider.id = giver.provider_id
       AND provider.id = ANY (first_free.provider_ids)
     CROSS JOIN LATERAL (
           SELECT each.starts_at
             FROM service_times(
                      service, provider,
                      greatest(first.from_at, first_free.from_at,
                               now() + make_interval(mins => service.lead_minutes + 1)),
                      least(first.until_at, first_free.to_at), first.size, 0, 1) AS each
            ORDER BY each.starts_at
            LIMIT 1
     ) AS time
     CROSS JOIN LATERAL time_verdict(service, provider, time.starts_at, first.size, 0) AS verdict
     CROSS JOIN LATERAL refusals_for(
               first.account_id, service, verdict.refusals, verdict.local_day, verdict.slot_id, 0, first.max_open,
               CASE WHEN first.no_overlap THEN tstzrange(time.starts_at, verdict.ends_at) END) AS told
     WHERE service.id = first.service_id
       AND service.retired_at IS NULL
       AND told.refusals = '{}'
     ORDER BY time.starts_at, giver.served, giver.provider_id
     LIMIT 1;
END;

-- Offers what has become free between two instants, whose providers the caller has locked, to those in line
-- for times of theirs: to each the first that suits.
CREATE FUNCTION offer_between(provider_ids bigint[], from_at timestamptz, to_at timestamptz) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    first waiting;
    free record;
    target slot;
BEGIN
    -- Alone: who leaves a time that is closed still, and whoever opens it meanwhile, must see each other.
    PERFORM line_lock(0, giver.service_id, true)
       FROM (SELECT DISTINCT service_provider.service_id
               FROM service_provider
              WHERE service_provider.provider_id = ANY (offer_between.provider_ids)
              ORDER BY service_provider.service_id) AS giver;
    FOR first IN
        SELECT waiting.*
          FROM waiting
         WHERE waiting.id = ANY (ARRAY(
                   SELECT stand.waiting_id
                     FROM service_provider AS giver
                     JOIN waiting_line AS stand
                       ON stand.slot_id = 0
                      AND stand.service_id = giver.service_id
                      AND stand.provider_id IN (0, giver.provider_id)
                      AND stand.day BETWEEN waiting_day(offer_between.from_at)
                                        AND waiting_day(offer_between.to_at)
                    WHERE giver.provider_id = ANY (offer_between.provider_ids)))
         ORDER BY waiting.id
    LOOP
        SELECT found.* INTO free
          FROM first_free(first, offer_between.provider_ids, offer_between.from_at, offer_between.to_at) AS found;
        CONTINUE WHEN NOT FOUND OR NOT still_waits(first);
        SELECT found.* INTO free  -- since they are locked
          FROM first_free(first, offer_between.provider_ids, offer_between.from_at, offer_between.to_at) AS found;
        CONTINUE WHEN NOT FOUND;
        IF free.slot_id IS NULL THEN
            target := made_for(
                free.service, free.provider, free.starts_at, free.ends_at, free.block, free.rooms);
        ELSE
            SELECT slot.* INTO target FROM slot WHERE slot.id = free.slot_id FOR NO KEY UPDATE;
        END IF;
        PERFORM offer_to(first, target, offer_until(target));
    END LOOP;
END
$$;

CREATE FUNCTION offer_freed() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM offer(NEW.id);
    RETURN NULL;
END
$$;

-- Deferred, since who leaves a slot may make room for another of the same transaction.
CREATE CONSTRAINT TRIGGER slot_offers AFTER UPDATE ON slot
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW
    WHEN (NEW.lead_slot_id IS NULL
          AND (NEW.booked < OLD.booked OR NEW.capacity > OLD.capacity OR (OLD.closed AND NOT NEW.closed)
               OR (OLD.blocked_at IS NOT NULL AND NEW.blocked_at IS NULL)))
    EXECUTE FUNCTION offer_freed();
