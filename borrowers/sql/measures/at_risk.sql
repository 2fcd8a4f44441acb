-- Portfolio at risk and arrears on a day.
-- Grain:   one row per currency and bucket; currencies are never added.
-- Base:    every loan on the books; the caller leaves those that do not owe (is_owing) out of PAR, on both sides. Where a lender's
--          snapshot gives a balance and no principal, the balance stands for it. An amount is NULL where no loan has it.
-- Cost:    one pass over borrowers_delinquency; for a day before the last refresh one call of delinquency_as_of.
-- Leakage: none: for a past day only what was known then.
WITH standing AS (
    SELECT
        loan_id, as_of, days_past_due, bucket::text, overdue_amount, overdue_principal_amount,
        coalesce(outstanding_principal_amount, outstanding_amount) AS principal_amount
    FROM borrowers_delinquency
    WHERE NOT %(is_past)s
    UNION ALL
    SELECT
        loan_id, as_of, days_past_due, bucket, overdue_amount, overdue_principal_amount,
        coalesce(outstanding_principal_amount, outstanding_amount)
    FROM delinquency_as_of(%(as_of)s::date, %(known_at)s::timestamptz)
    WHERE %(is_past)s
)
SELECT
    loan.currency,
    standing.bucket,
    count(*) AS n_loans,
    count(*) FILTER (WHERE standing.days_past_due > 0) AS n_late,
    count(*) - count(standing.principal_amount) AS n_without_amount,
    sum(standing.principal_amount) AS principal_amount,
    sum(standing.overdue_amount) AS overdue_amount,
    sum(standing.overdue_principal_amount) AS overdue_principal_amount,
    sum(CASE WHEN standing.days_past_due > 30 THEN standing.principal_amount ELSE 0 * standing.principal_amount END)
        AS over_30_amount,
    sum(CASE WHEN standing.days_past_due > 60 THEN standing.principal_amount ELSE 0 * standing.principal_amount END)
        AS over_60_amount,
    sum(CASE WHEN standing.days_past_due > 90 THEN standing.principal_amount ELSE 0 * standing.principal_amount END)
        AS over_90_amount,
    min(standing.as_of) AS oldest_as_of,
    max(standing.as_of) AS newest_as_of
FROM standing
JOIN loans_asked_for(%(currency)s, %(product)s, %(team)s, %(segment)s, %(segment_value)s) AS loan
    ON loan.id = standing.loan_id
GROUP BY loan.currency, standing.bucket
