-- Write the feature vectors of the cases given, where they differ from what is kept.
--
-- Grain    one row per case whose loan has no vector of that day and feature set that was known by then, or whose newest such
--          vector has other values. What is known later but changes no value writes nothing: the older vector stands, with the
--          instant from which it held.
-- Cost     one call of loan_features and one index lookup per case.
-- Leakage  none of its own; loan_features says what it reads.

INSERT INTO scoring_featurevector (loan_id, as_of, known_at, feature_set, "values", built_at)
SELECT fresh.loan_id, fresh.as_of, fresh.known_at, %(feature_set)s, fresh."values"::float8[], clock_timestamp()
FROM loan_features(%(loans)s::bigint[], %(days)s::date[], %(knowns)s::timestamptz[]) AS fresh
LEFT JOIN LATERAL (
    SELECT vector."values"
    FROM scoring_featurevector AS vector
    WHERE vector.loan_id = fresh.loan_id
        AND vector.as_of = fresh.as_of
        AND vector.known_at <= fresh.known_at
        AND vector.feature_set = %(feature_set)s
    ORDER BY vector.known_at DESC, vector.id DESC
    LIMIT 1
) AS newest ON true
WHERE newest."values" IS DISTINCT FROM fresh."values"::float8[]
