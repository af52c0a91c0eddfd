-- serves: 17
CREATE TABLE schedule_rule (
    provider_id  bigint    NOT NULL,
    n            integer   NOT NULL,
    weekdays     integer[] NOT NULL,
    opens        time      NOT NULL,
    closes       time      NOT NULL,
    from_day     date,
    until_day    date,
    service_ids  bigint[],
    CONSTRAINT schedule_rule_pkey PRIMARY KEY (provider_id, n),
    CONSTRAINT schedule_rule_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT schedule_rule_weekdays_known CHECK (
        weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7] AND cardinality(weekdays) > 0
    )
);

CREATE TABLE schedule_day (
    provider_id  bigint   NOT NULL,
    day          date     NOT NULL,
    n            integer  NOT NULL,
    opens        time,
    closes       time,
    service_ids  bigint[],
    reason       text     NOT NULL DEFAULT '',
    CONSTRAINT schedule_day_pkey PRIMARY KEY (provider_id, day, n),
    CONSTRAINT schedule_day_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT schedule_day_hours CHECK ((opens IS NULL) = (closes IS NULL)),
    CONSTRAINT schedule_day_reason_length CHECK (char_length(reason) <= 500)
);

CREATE TABLE closure (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    provider_id  bigint,
    from_day     date,
    until_day    date,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    reason       text        NOT NULL DEFAULT '',
    actor_id     bigint      NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT closure_pkey PRIMARY KEY (id),
    CONSTRAINT closure_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT closure_starts_before_ends CHECK (starts_at < ends_at),
    CONSTRAINT closure_days_in_order CHECK (from_day <= until_day),
    CONSTRAINT closure_days_both CHECK ((from_day IS NULL) = (until_day IS NULL)),
    CONSTRAINT closure_reason_length CHECK (char_length(reason) <= 500)
);

CREATE INDEX closure_provider_ends ON closure (provider_id, ends_at);

CREATE TABLE opening (
    provider_id  bigint      NOT NULL,
    day          date        NOT NULL,
    starts_at    timestamptz NOT NULL,
    stops_at     timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    anchor_at    timestamptz NOT NULL,
    service_ids  bigint[],
    CONSTRAINT opening_pkey PRIMARY KEY (provider_id, starts_at),
    CONSTRAINT opening_provider_fkey FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT opening_in_order CHECK (starts_at < stops_at AND stops_at <= ends_at),
    CONSTRAINT opening_within_two_days CHECK (ends_at <= starts_at + interval '48 hours')
);

CREATE FUNCTION day_begins(day date, zone text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(
    (SELECT min(begins.at)
       FROM unnest(ARRAY[interval '0', '30 minutes', '1 hour', '2 hours']) AS shown (before)
      CROSS JOIN LATERAL (SELECT (day::timestamp AT TIME ZONE zone) - shown.before) AS begins (at)
      WHERE (begins.at AT TIME ZONE zone)::date = day),
    day::timestamp AT TIME ZONE zone);

CREATE FUNCTION closure_time(closure closure, provider provider) RETURNS tstzrange
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN closure.from_day IS NULL THEN tstzrange(closure.starts_at, closure.ends_at)
    ELSE tstzrange(
        day_begins(closure.from_day, wall_zone(provider)),
        day_begins(closure.until_day + 1, wall_zone(provider)))
END;

CREATE FUNCTION closures_between(provider provider, from_at timestamptz, to_at timestamptz)
RETURNS SETOF tstzrange
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT closure_time(closure, provider)
      FROM closure
     WHERE closure.provider_id = provider.id
       AND closure.ends_at > from_at
       AND closure.starts_at < to_at
     UNION ALL
    SELECT closure_time(closure, provider)
      FROM closure
     WHERE closure.provider_id IS NULL
       AND closure.ends_at > from_at
       AND closure.starts_at < to_at;
END;

CREATE FUNCTION closed_times(provider provider, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (times tstzmultirange)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(range_agg(closed.at), '{}')
      FROM closures_between(provider, from_at, to_at) AS closed (at);
END;
