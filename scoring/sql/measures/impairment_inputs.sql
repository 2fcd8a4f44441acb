-- What an impairment calculation takes in: one line per loan that owes.
-- Grain:   one row per loan.
-- Base:    loans that owe; written-off and sold loans are out. Exposure is principal, and interest and fees overdue (a snapshot's
--          balance); an amount is NULL where the books do not have it. PDs are those of published scores of the purpose.
-- Cost:    one pass over the last refresh and over the published scores; for an earlier day one call of delinquency_as_of.
-- Leakage: none: scores of later days, or published after what was known, are left out.
WITH standing AS (
    SELECT
        loan_id, as_of, days_past_due, bucket::text, outstanding_principal_amount, outstanding_amount, overdue_amount,
        overdue_principal_amount
    FROM borrowers_delinquency
    WHERE NOT %(is_past)s
    UNION ALL
    SELECT
        loan_id, as_of, days_past_due, bucket, outstanding_principal_amount, outstanding_amount, overdue_amount,
        overdue_principal_amount
    FROM delinquency_as_of(%(as_of)s::date, %(known_at)s::timestamptz)
    WHERE %(is_past)s
),
scored AS (
    SELECT
        score.loan_id,
        (array_agg(score.pd ORDER BY run.as_of, score.id))[1] AS first_pd,
        (array_agg(score.pd ORDER BY run.as_of DESC, score.id DESC))[1] AS pd
    FROM scoring_score AS score
    JOIN scoring_scoringrun AS run ON run.id = score.run_id
    JOIN scoring_modelversion AS model ON model.id = run.model_id
    WHERE model.purpose = %(purpose)s AND run.as_of <= %(as_of)s AND run.published_at <= %(known_at)s
    GROUP BY score.loan_id
)
SELECT
    known.external_id AS loan,
    product.code AS product,
    loan.currency,
    loan.approved_on,
    standing.as_of,
    standing.days_past_due,
    standing.bucket,
    CASE
        WHEN standing.days_past_due > 90 THEN 3
        WHEN standing.days_past_due > 30
            OR scored.pd >= scored.first_pd * %(multiple)s AND scored.pd >= scored.first_pd + %(step)s THEN 2
        ELSE 1
    END AS stage,
    scored.first_pd,
    scored.pd,
    standing.outstanding_principal_amount,
    coalesce(
        standing.outstanding_principal_amount + standing.overdue_amount - standing.overdue_principal_amount,
        standing.outstanding_amount
    ) AS exposure_amount,
    loan.annual_interest_ratio,
    borrower.is_simulated
FROM standing
JOIN loans_asked_for(%(currency)s, %(product)s, %(team)s, %(segment)s, %(segment_value)s) AS loan
    ON loan.id = standing.loan_id
JOIN borrowers_loan AS known ON known.id = loan.id
JOIN borrowers_product AS product ON product.id = loan.product_id
JOIN borrowers_borrower AS borrower ON borrower.id = known.borrower_id
LEFT JOIN scored ON scored.loan_id = standing.loan_id
WHERE is_owing(standing.bucket)
ORDER BY standing.loan_id
