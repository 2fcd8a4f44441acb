-- The portfolio as it stands at the last refresh of delinquency.
-- Grain:   one row per currency and bucket; currencies are never added.
-- Base:    every loan on the books; the caller leaves written_off and paid_off out of PAR, on both sides.
-- Cost:    one pass over borrowers_delinquency, joined to its loans; borrowers are read only where a team is asked for.
-- Leakage: none to speak of: it reports today's figures and feeds no model.
SELECT
    loan.currency,
    delinquency.bucket,
    count(*) AS n_loans,
    count(*) FILTER (WHERE delinquency.days_past_due > 0) AS n_late,
    sum(delinquency.outstanding_principal_amount) AS principal_amount,
    sum(delinquency.overdue_amount) AS overdue_amount,
    coalesce(sum(delinquency.outstanding_principal_amount) FILTER (WHERE delinquency.days_past_due > 30), 0)
        AS over_30_amount,
    coalesce(sum(delinquency.outstanding_principal_amount) FILTER (WHERE delinquency.days_past_due > 60), 0)
        AS over_60_amount,
    coalesce(sum(delinquency.outstanding_principal_amount) FILTER (WHERE delinquency.days_past_due > 90), 0)
        AS over_90_amount,
    min(delinquency.as_of) AS oldest_as_of,
    max(delinquency.as_of) AS newest_as_of
FROM borrowers_delinquency AS delinquency
JOIN borrowers_loan AS loan ON loan.id = delinquency.loan_id
WHERE (%(currency)s::text IS NULL OR loan.currency = %(currency)s)
  AND (%(product)s::bigint IS NULL OR loan.product_id = %(product)s)
  AND (%(team)s::bigint IS NULL OR loan.borrower_id IN (SELECT id FROM borrowers_borrower WHERE team_id = %(team)s))
GROUP BY loan.currency, delinquency.bucket
