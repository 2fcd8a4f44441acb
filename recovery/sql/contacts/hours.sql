-- Local times: which zones there are, whether an instant lies in the hours of contact, and when the next such instant comes.
--
-- Where the zone is not certain there are several, and an hour counts only if it is allowed in every one of them.

CREATE TABLE recovery_known_time_zone (name text PRIMARY KEY);

COMMENT ON TABLE recovery_known_time_zone IS 'IANA zones of this server: pg_timezone_names reads hundreds of files each time.';

-- The names of IANA alone: the server would also take POSIX rules such as "Mars/City5", which say nothing about a place.
CREATE FUNCTION learn_time_zones() RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO recovery_known_time_zone (name)
    SELECT name FROM pg_timezone_names WHERE name = 'UTC' OR name ~ '/' AND name !~ '^(posix|right|Etc)/'
    ON CONFLICT DO NOTHING
$$;

SELECT learn_time_zones();

-- Whether an instant is within the hours in all zones. `spells` are times the borrower called inconvenient:
-- [{"from": "12:00", "until": "13:30"}], until null is until midnight. Hours are [opens, closes).
CREATE FUNCTION contact_hours_allow(
    zones text[], instant timestamptz, opens time, closes time, weekdays smallint[], spells jsonb
) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT coalesce(
        bool_and(
            place.at::time >= coalesce(opens, '00:00')
            AND place.at::time < coalesce(closes, '24:00')
            AND extract(isodow FROM place.at)::smallint = ANY (weekdays)
            AND NOT EXISTS (
                SELECT FROM jsonb_to_recordset(spells) AS spell ("from" time, until time)
                WHERE place.at::time >= spell."from" AND place.at::time < coalesce(spell.until, '24:00')
            )
        ),
        false
    )
    FROM unnest(zones) AS zone (name)
    CROSS JOIN LATERAL (SELECT instant AT TIME ZONE zone.name) AS place (at)
$$;

CREATE FUNCTION zone_offset(zone text, instant timestamptz) RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT (instant AT TIME ZONE zone) - (instant AT TIME ZONE 'UTC')
$$;

-- The second at which a zone changes its offset, between two instants that have different ones.
CREATE FUNCTION zone_change(zone text, low timestamptz, high timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE
    before CONSTANT interval := zone_offset(zone, low);
    middle timestamptz;
BEGIN
    WHILE high - low > interval '1 second' LOOP
        middle := date_trunc('second', low + (high - low) / 2);
        IF zone_offset(zone, middle) = before THEN
            low := middle;
        ELSE
            high := middle;
        END IF;
    END LOOP;
    RETURN high;
END
$$;

-- The first instant from `earliest` on that lies in the hours in all zones; null if none does within ten days.
--
-- What is allowed is an intersection of half-open stretches, so that its first point is `earliest` or the left edge of one of
-- them: an opening, the end of an inconvenient spell, a midnight, or a change of the clock. Each edge is taken with both offsets of
-- its day: 1:30 comes twice in autumn, and 2:30 not at all in spring, where the stretch begins at the change itself.
-- Cost: some dozens of candidates per zone, asked in order until one passes.
CREATE FUNCTION next_contact_hour(
    zones text[], earliest timestamptz, opens time, closes time, weekdays smallint[], spells jsonb
) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE
    candidate timestamptz;
BEGIN
    IF earliest IS NULL OR contact_hours_allow(zones, earliest, opens, closes, weekdays, spells) THEN
        RETURN earliest;
    END IF;
    FOR candidate IN
        WITH days AS (
            SELECT DISTINCT zone.name, (earliest AT TIME ZONE zone.name)::date + step AS day
            FROM unnest(zones) AS zone (name), generate_series(-1, 10) AS step
        ),
        offsets AS (
            SELECT
                name, day,
                zone_offset(name, day::timestamp AT TIME ZONE 'UTC' - interval '1 day') AS before,
                zone_offset(name, day::timestamp AT TIME ZONE 'UTC' + interval '2 days') AS after
            FROM days
        ),
        edges AS (
            SELECT time '00:00' AS at
            UNION SELECT coalesce(opens, '00:00')
            UNION SELECT spell.until FROM jsonb_to_recordset(spells) AS spell (until time) WHERE spell.until IS NOT NULL
        )
        SELECT found.at
        FROM (
            SELECT (day + edges.at - before) AT TIME ZONE 'UTC' AS at FROM offsets, edges
            UNION
            SELECT (day + edges.at - after) AT TIME ZONE 'UTC' FROM offsets, edges
            UNION
            SELECT zone_change(
                name, day::timestamp AT TIME ZONE 'UTC' - interval '1 day', day::timestamp AT TIME ZONE 'UTC' + interval '2 days'
            )
            FROM offsets WHERE before <> after
        ) AS found
        WHERE found.at > earliest
        ORDER BY found.at
    LOOP
        IF contact_hours_allow(zones, candidate, opens, closes, weekdays, spells) THEN
            RETURN candidate;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

-- The instant at which a day has begun in every zone.
CREATE FUNCTION day_has_begun(zones text[], day date) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT max(day::timestamp AT TIME ZONE name) FROM unnest(zones) AS zone (name)
$$;

CREATE FUNCTION written_local(instant timestamptz, zone text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT to_char(instant AT TIME ZONE zone, 'FMDD Mon YYYY HH24:MI') || ' (' || zone || ')'
$$;
