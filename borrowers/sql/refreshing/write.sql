-- Write what compute.sql found into borrowers_delinquency, and move the rows that stay as they are to the day.
--
-- Grain    one row per loan of %(loans)s, NULL for all. Returns one row: computed, inserted, updated.
-- How      a row that only moves to another day keeps its place in every index, so that the update stays within its page (the
--          table's fillfactor leaves room). Days past due of such a row follow from its oldest unpaid due day, which is the same.
--          Of all loans, both updates go through the table page by page: refreshed_figure has its statistics by then.
-- Cost     a lookup per changed row; on a new day one pass over the table besides. A row that is the same is not written.

WITH updated AS (
    UPDATE borrowers_delinquency AS kept
    SET
        as_of = %(as_of)s::date,
        days_past_due = figure.days_past_due,
        bucket = figure.bucket,
        is_flagged = figure.is_flagged,
        instalments_past_due = figure.instalments_past_due,
        oldest_unpaid_due_on = figure.oldest_unpaid_due_on,
        overdue_amount = figure.overdue_amount,
        overdue_principal_amount = figure.overdue_principal_amount,
        outstanding_principal_amount = figure.outstanding_principal_amount,
        outstanding_amount = figure.outstanding_amount,
        paid_amount = figure.paid_amount,
        in_flight_amount = figure.in_flight_amount,
        last_payment_id = figure.last_payment_id,
        last_paid_on = figure.last_paid_on,
        last_paid_amount = figure.last_paid_amount,
        next_due_on = figure.next_due_on,
        next_due_amount = figure.next_due_amount,
        is_placed = figure.is_placed,
        is_bankrupt = figure.is_bankrupt,
        measured_on = figure.measured_on,
        refreshed_at = statement_timestamp()
    FROM refreshed_figure AS figure
    WHERE figure.loan_id = kept.loan_id
        AND NOT figure.is_new
        AND (
            kept.as_of, kept.days_past_due, kept.bucket, kept.is_flagged, kept.instalments_past_due,
            kept.oldest_unpaid_due_on, kept.overdue_amount, kept.overdue_principal_amount,
            kept.outstanding_principal_amount, kept.outstanding_amount, kept.paid_amount, kept.in_flight_amount,
            kept.last_payment_id, kept.last_paid_on, kept.last_paid_amount, kept.next_due_on,
            kept.next_due_amount, kept.is_placed, kept.is_bankrupt, kept.measured_on
        ) IS DISTINCT FROM (
            %(as_of)s::date, figure.days_past_due, figure.bucket, figure.is_flagged,
            figure.instalments_past_due, figure.oldest_unpaid_due_on, figure.overdue_amount,
            figure.overdue_principal_amount, figure.outstanding_principal_amount, figure.outstanding_amount,
            figure.paid_amount, figure.in_flight_amount, figure.last_payment_id, figure.last_paid_on,
            figure.last_paid_amount, figure.next_due_on, figure.next_due_amount, figure.is_placed,
            figure.is_bankrupt, figure.measured_on
        )
    RETURNING 1
),
inserted AS (
    INSERT INTO borrowers_delinquency (
        loan_id, as_of, days_past_due, bucket, is_flagged, instalments_past_due, oldest_unpaid_due_on,
        overdue_amount, overdue_principal_amount, outstanding_principal_amount, outstanding_amount, paid_amount,
        in_flight_amount, last_payment_id, last_paid_on, last_paid_amount, next_due_on, next_due_amount,
        is_placed, is_bankrupt, measured_on, refreshed_at
    )
    SELECT
        loan_id, %(as_of)s::date, days_past_due, bucket, is_flagged, instalments_past_due, oldest_unpaid_due_on,
        overdue_amount, overdue_principal_amount, outstanding_principal_amount, outstanding_amount, paid_amount,
        in_flight_amount, last_payment_id, last_paid_on, last_paid_amount, next_due_on, next_due_amount,
        is_placed, is_bankrupt, measured_on, statement_timestamp()
    FROM refreshed_figure AS figure
    WHERE figure.is_new
    RETURNING 1
),
moved AS (
    UPDATE borrowers_delinquency AS kept
    SET
        as_of = %(as_of)s::date,
        days_past_due = coalesce(greatest(%(as_of)s::date - kept.oldest_unpaid_due_on, 0), 0),
        refreshed_at = statement_timestamp()
    WHERE kept.as_of <> %(as_of)s::date
        AND %(loans)s::bigint[] IS NULL
        AND NOT EXISTS (SELECT FROM refreshed_figure AS figure WHERE figure.loan_id = kept.loan_id)
    RETURNING 1
)
SELECT
    (
        SELECT count(*)
        FROM borrowers_loan AS loan
        WHERE loan.approved_on <= %(as_of)s::date
            AND loan.booked_at <= %(known_at)s::timestamptz
            AND (%(loans)s::bigint[] IS NULL OR loan.id = ANY (%(loans)s::bigint[]))
    ),
    (SELECT count(*) FROM inserted),
    (SELECT count(*) FROM updated) + (SELECT count(*) FROM moved);
