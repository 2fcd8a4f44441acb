-- Portfolio at risk at month ends.
-- Grain:   one row per currency and month end.
-- Base:    gross outstanding principal of loans neither paid off nor written off at that month end; written off stands beside.
-- Cost:    one pass over the snapshots of the months asked for: loans x months.
-- Leakage: none: each snapshot holds what was known when its month ended, so a payment booked later does not mend the past.
SELECT
    loan.currency,
    snapshot.as_of,
    coalesce(sum(snapshot.outstanding_principal_amount) FILTER (WHERE snapshot.bucket <> 'written_off'), 0)
        AS principal_amount,
    coalesce(sum(snapshot.outstanding_principal_amount)
        FILTER (WHERE snapshot.bucket <> 'written_off' AND snapshot.days_past_due > 30), 0) AS over_30_amount,
    coalesce(sum(snapshot.outstanding_principal_amount)
        FILTER (WHERE snapshot.bucket <> 'written_off' AND snapshot.days_past_due > 60), 0) AS over_60_amount,
    coalesce(sum(snapshot.outstanding_principal_amount)
        FILTER (WHERE snapshot.bucket <> 'written_off' AND snapshot.days_past_due > 90), 0) AS over_90_amount
FROM borrowers_monthendsnapshot AS snapshot
JOIN borrowers_loan AS loan ON loan.id = snapshot.loan_id
JOIN borrowers_borrower AS borrower ON borrower.id = loan.borrower_id
WHERE snapshot.as_of > %(after)s AND snapshot.as_of < %(before)s
  AND (%(currency)s::text IS NULL OR loan.currency = %(currency)s)
  AND (%(product)s::bigint IS NULL OR loan.product_id = %(product)s)
  AND (%(team)s::bigint IS NULL OR borrower.team_id = %(team)s)
GROUP BY loan.currency, snapshot.as_of
ORDER BY loan.currency, snapshot.as_of
