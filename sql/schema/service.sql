-- Services as clients see them, and who offers them.

-- A service as clients write and read it.
CREATE TYPE service_offer AS (provider bigint, weight integer);

CREATE TYPE service_document AS (
    id                     bigint,
    name                   text,
    description            text,
    duration_minutes       integer,
    step_minutes           integer,
    buffer_before_minutes  integer,
    buffer_after_minutes   integer,
    lead_minutes           integer,
    horizon_days           integer,
    per_day                integer,
    per_customer_day       integer,
    per_customer_open      integer,
    capacity               integer,
    party_max              integer,
    approval_minutes       integer,
    hold_seconds           integer,
    offer_minutes          integer,
    notice_minutes         integer,
    providers              json,
    needs                  json,
    version                integer
);

-- Who gives a service, and of how many each takes how much, where anybody may.
CREATE FUNCTION service_offers(service_id bigint) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT ('[' || coalesce(string_agg(
                row_to_json(ROW (offer.provider_id, offer.weight)::service_offer)::text, ','
                ORDER BY offer.provider_id), '') || ']')::json
      FROM service_provider AS offer
     WHERE offer.service_id = service_offers.service_id;
END;

-- What a service needs beside whoever gives it: one of each role.
CREATE FUNCTION service_needs(service_id bigint) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT ('{' || coalesce(string_agg(
                to_json(needed.role)::text || ':' || array_to_json(needed.ids)::text, ','
                ORDER BY needed.role), '') || '}')::json
      FROM (SELECT need.role, array_agg(need.provider_id ORDER BY need.provider_id) AS ids
              FROM service_need AS need
             WHERE need.service_id = service_needs.service_id
             GROUP BY need.role) AS needed;
END;

CREATE FUNCTION service_document(service service) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN row_to_json(ROW (
    service.id,
    service.name,
    service.description,
    service.duration_minutes,
    service.step_minutes,
    service.buffer_before_minutes,
    service.buffer_after_minutes,
    service.lead_minutes,
    service.horizon_days,
    service.per_day,
    service.per_customer_day,
    service.per_customer_open,
    service.capacity,
    service.party_max,
    service.approval_minutes,
    service.hold_seconds,
    service.offer_minutes,
    service.notice_minutes,
    service_offers(service.id),
    service_needs(service.id),
    service.version
)::service_document)::text;

-- Whether customers may only ask for a service, for staff to approve.
CREATE FUNCTION needs_approval(service_id bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM service
     WHERE service.id = needs_approval.service_id
       AND service.approval_minutes IS NOT NULL);

-- Whether a provider offers a service now; none, everybody does.
CREATE FUNCTION offers(provider_id bigint, service_id bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN service_id IS NULL OR EXISTS (
    SELECT FROM service_provider AS offer
      JOIN service ON service.id = offer.service_id
     WHERE offer.service_id = offers.service_id
       AND offer.provider_id = offers.provider_id
       AND service.retired_at IS NULL);

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

-- Who gives a service: a provider, or for 0 all of them.
CREATE FUNCTION givers(service_id bigint, provider_id bigint) RETURNS SETOF service_provider
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT served.*
      FROM service_provider AS served
     WHERE served.service_id = ANY (ARRAY[givers.service_id])
       AND served.provider_id = ANY (ARRAY[givers.provider_id])
     UNION ALL
    SELECT served.*
      FROM service_provider AS served
     WHERE givers.provider_id = 0
       AND served.service_id = ANY (ARRAY[givers.service_id]);
END;
