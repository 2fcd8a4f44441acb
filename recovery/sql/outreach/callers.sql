-- Who has a telephone number.

-- Who can be reached at a number, however it or theirs is written. A number without its country fits those of every country that
-- end with it. Found by the index below: a millisecond among millions.
CREATE FUNCTION contact_points_of_number(p_number text) RETURNS TABLE (contact_point_id bigint, borrower_id bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 2
AS $$
    SELECT point.id, person.id
    FROM borrowers_contactpoint AS point
    JOIN borrowers_borrower AS person ON person.id = point.borrower_id
    CROSS JOIN LATERAL (SELECT coalesce(e164(point.value, person.jurisdiction), phone_digits(point.value)) AS number) AS theirs
    CROSS JOIN LATERAL (SELECT e164(p_number, '') AS whole, ltrim(phone_digits(p_number), '0') AS digits) AS asked
    WHERE point.kind = 'phone'
        AND phone_key(point.value) = phone_key(p_number)
        AND length(asked.digits) >= 7
        AND CASE
            WHEN asked.whole IS NOT NULL AND theirs.number LIKE '+%' THEN theirs.number = asked.whole
            WHEN asked.whole IS NOT NULL THEN asked.whole LIKE '%' || ltrim(theirs.number, '0')
            ELSE theirs.number LIKE '%' || asked.digits
        END
    ORDER BY point.id
$$;

CREATE INDEX contact_point_phone_key_idx ON borrowers_contactpoint (phone_key(value)) WHERE kind = 'phone';
