-- The newest feature vector of each case, as text that keeps every float32.
--
-- Grain    one row per case (loan, day, known) that has a vector of the feature set: the one that held at `known`, so that a model
--          asked about an approval never gets the vector of the evening of that day.
-- Cost     one index lookup per case.

SELECT vector.id, asked.loan_id, array_to_string(vector."values", ',', 'NaN')
FROM unnest(%(loans)s::bigint[], %(days)s::date[], %(knowns)s::timestamptz[])
    WITH ORDINALITY AS asked (loan_id, as_of, known_at, n)
CROSS JOIN LATERAL (
    SELECT kept.id, kept."values"
    FROM scoring_featurevector AS kept
    WHERE kept.loan_id = asked.loan_id
        AND kept.as_of = asked.as_of
        AND kept.known_at <= asked.known_at
        AND kept.feature_set = %(feature_set)s
    ORDER BY kept.known_at DESC, kept.id DESC
    LIMIT 1
) AS vector
ORDER BY asked.n
