-- The edges of the buckets, and which of them still owe, in one place.

CREATE FUNCTION bucket_of(days_past_due integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN days_past_due IS NULL THEN 'unknown'
        WHEN days_past_due <= 0 THEN 'current'
        WHEN days_past_due <= 30 THEN '1-30'
        WHEN days_past_due <= 60 THEN '31-60'
        WHEN days_past_due <= 90 THEN '61-90'
        ELSE '91+'
    END
$$;

COMMENT ON FUNCTION bucket_of(integer) IS 'The edges of the buckets, in one place.';

CREATE FUNCTION is_owing(bucket text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT bucket IN ('current', '1-30', '31-60', '61-90', '91+')
$$;

COMMENT ON FUNCTION is_owing(text) IS
    'Whether loans of a bucket are worked and measured: not paid off, written off, sold or closed, and days past due known.';
