-- Portfolio at risk at month ends.
-- Grain:   one row per currency and month end.
-- Base:    gross outstanding principal of loans neither paid off nor written off at that month end.
-- Cost:    one pass over the snapshots of the months asked for, loans x months; borrowers are read only where a team is asked for.
-- Leakage: none: each snapshot holds what was known when its month ended, so a payment booked later does not mend the past.
SELECT
    loan.currency,
    snapshot.as_of,
    sum(snapshot.outstanding_principal_amount) AS principal_amount,
    coalesce(sum(snapshot.outstanding_principal_amount) FILTER (WHERE snapshot.days_past_due > 30), 0) AS over_30_amount,
    coalesce(sum(snapshot.outstanding_principal_amount) FILTER (WHERE snapshot.days_past_due > 60), 0) AS over_60_amount,
    coalesce(sum(snapshot.outstanding_principal_amount) FILTER (WHERE snapshot.days_past_due > 90), 0) AS over_90_amount
FROM borrowers_monthendsnapshot AS snapshot
JOIN borrowers_loan AS loan ON loan.id = snapshot.loan_id
WHERE snapshot.as_of > %(after)s AND snapshot.as_of < %(before)s
  AND is_owing(snapshot.bucket)
  AND (%(currency)s::text IS NULL OR loan.currency = %(currency)s)
  AND (%(product)s::bigint IS NULL OR loan.product_id = %(product)s)
  AND (%(team)s::bigint IS NULL OR loan.borrower_id IN (SELECT id FROM borrowers_borrower WHERE team_id = %(team)s))
GROUP BY loan.currency, snapshot.as_of
ORDER BY loan.currency, snapshot.as_of
