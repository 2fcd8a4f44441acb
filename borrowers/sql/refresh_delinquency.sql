-- Write the figures of a day into borrowers_delinquency: rows that differ are updated, new loans inserted, loans that the day
-- does not know (approved later) removed.
--
-- Grain    one row per loan of %(loans)s, NULL for all. Returns one row: computed, inserted, updated, removed.
-- Cost     one call of delinquency_as_of and one index lookup per loan; a row that is the same is not written.
-- Races    of two refreshes of a loan the one that began later stands: a row refreshed after this statement began is left as
--          it is, since that refresh has seen at least as much.

WITH figure AS MATERIALIZED (
    SELECT * FROM delinquency_as_of(%(as_of)s::date, %(known_at)s::timestamptz, %(loans)s::bigint[])
),
removed AS (
    DELETE FROM borrowers_delinquency AS kept
    WHERE NOT EXISTS (SELECT FROM figure WHERE figure.loan_id = kept.loan_id)
        AND (%(loans)s::bigint[] IS NULL OR kept.loan_id = ANY (%(loans)s::bigint[]))
        AND kept.refreshed_at <= statement_timestamp()
    RETURNING 1
),
written AS (
    INSERT INTO borrowers_delinquency AS kept (
        loan_id, as_of, days_past_due, bucket, is_flagged, instalments_past_due, oldest_unpaid_due_on, overdue_amount,
        overdue_principal_amount, outstanding_principal_amount, outstanding_amount, paid_amount, in_flight_amount,
        last_paid_on, last_paid_amount, next_due_on, next_due_amount, is_placed, is_bankrupt, measured_on, refreshed_at
    )
    SELECT
        loan_id, as_of, days_past_due, bucket, is_flagged, instalments_past_due, oldest_unpaid_due_on, overdue_amount,
        overdue_principal_amount, outstanding_principal_amount, outstanding_amount, paid_amount, in_flight_amount,
        last_paid_on, last_paid_amount, next_due_on, next_due_amount, is_placed, is_bankrupt, measured_on, statement_timestamp()
    FROM figure
    ON CONFLICT (loan_id) DO UPDATE SET
        as_of = excluded.as_of,
        days_past_due = excluded.days_past_due,
        bucket = excluded.bucket,
        is_flagged = excluded.is_flagged,
        instalments_past_due = excluded.instalments_past_due,
        oldest_unpaid_due_on = excluded.oldest_unpaid_due_on,
        overdue_amount = excluded.overdue_amount,
        overdue_principal_amount = excluded.overdue_principal_amount,
        outstanding_principal_amount = excluded.outstanding_principal_amount,
        outstanding_amount = excluded.outstanding_amount,
        paid_amount = excluded.paid_amount,
        in_flight_amount = excluded.in_flight_amount,
        last_paid_on = excluded.last_paid_on,
        last_paid_amount = excluded.last_paid_amount,
        next_due_on = excluded.next_due_on,
        next_due_amount = excluded.next_due_amount,
        is_placed = excluded.is_placed,
        is_bankrupt = excluded.is_bankrupt,
        measured_on = excluded.measured_on,
        refreshed_at = excluded.refreshed_at
    WHERE kept.refreshed_at <= excluded.refreshed_at
        AND (
            kept.as_of, kept.days_past_due, kept.bucket, kept.is_flagged, kept.instalments_past_due,
            kept.oldest_unpaid_due_on, kept.overdue_amount, kept.overdue_principal_amount,
            kept.outstanding_principal_amount, kept.outstanding_amount, kept.paid_amount,
            kept.in_flight_amount, kept.last_paid_on, kept.last_paid_amount, kept.next_due_on,
            kept.next_due_amount, kept.is_placed, kept.is_bankrupt, kept.measured_on
        ) IS DISTINCT FROM (
            excluded.as_of, excluded.days_past_due, excluded.bucket, excluded.is_flagged,
            excluded.instalments_past_due, excluded.oldest_unpaid_due_on, excluded.overdue_amount,
            excluded.overdue_principal_amount, excluded.outstanding_principal_amount,
            excluded.outstanding_amount, excluded.paid_amount, excluded.in_flight_amount,
            excluded.last_paid_on, excluded.last_paid_amount, excluded.next_due_on,
            excluded.next_due_amount, excluded.is_placed, excluded.is_bankrupt, excluded.measured_on
        )
    RETURNING xmax = 0 AS is_new
)
SELECT
    (SELECT count(*) FROM figure),
    (SELECT count(*) FROM written WHERE is_new),
    (SELECT count(*) FROM written WHERE NOT is_new),
    (SELECT count(*) FROM removed);
