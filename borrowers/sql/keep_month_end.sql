-- Keep the figures of one month end as they were known at the end of that day.
--
-- Grain    one row per loan that was known then; a loan whose snapshot is there already is left alone (append-only).
-- Cost     one call of delinquency_as_of.

INSERT INTO borrowers_monthendsnapshot (
    loan_id, as_of, known_at, days_past_due, bucket, is_flagged, instalments_past_due, oldest_unpaid_due_on, overdue_amount,
    overdue_principal_amount, outstanding_principal_amount, outstanding_amount, paid_amount, in_flight_amount, last_paid_on,
    last_paid_amount, next_due_on, next_due_amount, is_placed, is_bankrupt, measured_on
)
SELECT
    loan_id, as_of, known_at, days_past_due, bucket, is_flagged, instalments_past_due, oldest_unpaid_due_on, overdue_amount,
    overdue_principal_amount, outstanding_principal_amount, outstanding_amount, paid_amount, in_flight_amount, last_paid_on,
    last_paid_amount, next_due_on, next_due_amount, is_placed, is_bankrupt, measured_on
FROM delinquency_as_of(%(as_of)s::date, %(known_at)s::timestamptz)
ON CONFLICT (as_of, loan_id) DO NOTHING;
