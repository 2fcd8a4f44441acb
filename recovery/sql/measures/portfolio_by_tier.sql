-- What is outstanding by risk tier.
-- Grain:   one row per currency and tier; tier is NULL for loans without a score.
-- Base:    loans that still owe and are not written off, as in PAR. An amount is NULL where no loan has it.
-- Cost:    one pass over borrowers_delinquency, one over the newest score of each loan.
-- Leakage: none to speak of: scores of runs that have not been published are left out.
WITH newest AS (
    SELECT DISTINCT ON (score.loan_id) score.loan_id, score.tier, score.pd
    FROM scoring_score AS score
    JOIN scoring_scoringrun AS run ON run.id = score.run_id AND run.published_at IS NOT NULL
    JOIN scoring_modelversion AS model ON model.id = run.model_id AND model.purpose <> 'pays_30'
    ORDER BY score.loan_id, score.id DESC
)
SELECT
    loan.currency,
    newest.tier,
    count(*) AS n_loans,
    sum(coalesce(delinquency.outstanding_principal_amount, delinquency.outstanding_amount)) AS principal_amount,
    sum(
        coalesce(delinquency.outstanding_principal_amount, delinquency.outstanding_amount)
        * coalesce(newest.pd, 0)::numeric
    ) AS expected_bad_amount
FROM borrowers_delinquency AS delinquency
JOIN loans_asked_for(%(currency)s, %(product)s, %(team)s, %(segment)s, %(segment_value)s) AS loan
    ON loan.id = delinquency.loan_id
LEFT JOIN newest ON newest.loan_id = delinquency.loan_id
WHERE is_owing(delinquency.bucket)
GROUP BY loan.currency, newest.tier
