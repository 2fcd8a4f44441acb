-- Loans by stage 1, 2, 3.
-- Grain:   one row per currency, stage and ground: dpd (days past due) or pd (a significant increase of the probability of
--          default), the worse ground first; stage 1 has no ground.
-- Base:    loans that owe; written-off and sold loans are out. Stage 3 from 91 days past due, stage 2 from 31 or for
--          the given loans, whose PD rose significantly: that is found by whoever has PDs.
-- Cost:    one pass over borrowers_delinquency; for a day before the last refresh one call of delinquency_as_of.
-- Leakage: none: for a past day only what was known then.
WITH standing AS (
    SELECT
        loan_id, days_past_due, bucket::text,
        coalesce(outstanding_principal_amount, outstanding_amount) AS principal_amount
    FROM borrowers_delinquency
    WHERE NOT %(is_past)s
    UNION ALL
    SELECT loan_id, days_past_due, bucket, coalesce(outstanding_principal_amount, outstanding_amount)
    FROM delinquency_as_of(%(as_of)s::date, %(known_at)s::timestamptz)
    WHERE %(is_past)s
)
SELECT
    loan.currency,
    CASE WHEN days_past_due > 90 THEN 3 WHEN days_past_due > 30 OR risen.loan_id IS NOT NULL THEN 2 ELSE 1 END AS stage,
    CASE WHEN days_past_due > 30 THEN 'dpd' WHEN risen.loan_id IS NOT NULL THEN 'pd' ELSE '' END AS ground,
    count(*) AS n_loans,
    count(*) - count(standing.principal_amount) AS n_without_amount,
    sum(standing.principal_amount) AS principal_amount
FROM standing
JOIN loans_asked_for(%(currency)s, %(product)s, %(team)s, %(segment)s, %(segment_value)s) AS loan
    ON loan.id = standing.loan_id
LEFT JOIN (SELECT DISTINCT unnest(%(significant)s::bigint[]) AS loan_id) AS risen ON risen.loan_id = standing.loan_id
WHERE is_owing(standing.bucket)
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
