-- The newest feature vector of each case, as text that keeps every float32.
--
-- Grain    one row per case (loan, day) that has a vector of the feature set.
-- Cost     one index lookup per case.

SELECT vector.id, asked.loan_id, array_to_string(vector."values", ',', 'NaN')
FROM unnest(%(loans)s::bigint[], %(days)s::date[]) WITH ORDINALITY AS asked (loan_id, as_of, n)
CROSS JOIN LATERAL (
    SELECT kept.id, kept."values"
    FROM scoring_featurevector AS kept
    WHERE kept.loan_id = asked.loan_id AND kept.as_of = asked.as_of AND kept.feature_set = %(feature_set)s
    ORDER BY kept.id DESC
    LIMIT 1
) AS vector
ORDER BY asked.n
