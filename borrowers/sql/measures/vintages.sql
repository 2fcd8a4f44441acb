-- When the loans of each vintage first went bad.
-- Grain:   one row per currency, vintage (the month, quarter or year of approval) and month on book at which loans were first
--          seen 91+ or written off; months_on_book is NULL for those that never were.
-- Base:    all loans approved up to the day and known then, whatever became of them. Seen at month ends: a loan that went bad
--          and was well again between two of them is not.
-- Cost:    one pass over the snapshots, one over the loans.
-- Leakage: none: each snapshot holds what was known when its month ended.
WITH first_bad AS (
    SELECT loan_id, min(as_of) AS bad_on
    FROM borrowers_monthendsnapshot
    WHERE as_of <= %(as_of)s AND (days_past_due > 90 AND is_owing(bucket) OR bucket = 'written_off')
    GROUP BY loan_id
)
SELECT
    loan.currency,
    date_trunc(%(grain)s, loan.approved_on::timestamp)::date AS vintage,
    (
        12 * (extract(year FROM first_bad.bad_on) - extract(year FROM loan.approved_on))
        + extract(month FROM first_bad.bad_on) - extract(month FROM loan.approved_on)
    )::integer AS months_on_book,
    count(*) AS n_loans,
    max(loan.approved_on) AS youngest_on
FROM loans_asked_for(%(currency)s, %(product)s, %(team)s, %(segment)s, %(segment_value)s) AS loan
LEFT JOIN first_bad ON first_bad.loan_id = loan.id
WHERE loan.approved_on <= %(as_of)s AND loan.booked_at <= %(known_at)s
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
