-- Who can be reached at a number, however it or theirs is written. A number without its country fits those of every country that
-- end with it.
--
-- Cost     rows that share the last seven digits are read by the index and compared whole: some milliseconds among a million people,
--          whatever the planner knows of the index's expression. It is asked step by step and never by reading a whole table.
CREATE OR REPLACE FUNCTION contact_points_of_number(p_number text) RETURNS TABLE (contact_point_id bigint, borrower_id bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 2
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    key CONSTANT text := phone_key(p_number);
    whole CONSTANT text := e164(p_number, '');
    digits CONSTANT text := ltrim(phone_digits(p_number), '0');
BEGIN
    IF length(digits) < 7 THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH candidate AS MATERIALIZED (
        SELECT point.id, point.borrower_id AS person_id, point.value
        FROM borrowers_contactpoint AS point
        WHERE point.kind = 'phone' AND phone_key(point.value) = key
    )
    SELECT candidate.id, candidate.person_id
    FROM candidate
    JOIN borrowers_borrower AS person ON person.id = candidate.person_id
    CROSS JOIN LATERAL (
        SELECT coalesce(e164(candidate.value, person.jurisdiction), phone_digits(candidate.value)) AS number
    ) AS theirs
    WHERE CASE
        WHEN whole IS NOT NULL AND theirs.number LIKE '+%' THEN theirs.number = whole
        WHEN whole IS NOT NULL THEN whole LIKE '%' || ltrim(theirs.number, '0')
        ELSE theirs.number LIKE '%' || digits
    END
    ORDER BY candidate.id;
END
$$;
