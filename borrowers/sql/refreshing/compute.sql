-- Compute the figures of a day and put those that differ from the kept ones into refreshed_figure, a table of the transaction.
--
-- Grain    one row per loan that is new or whose figures differ, but for the day itself and the days past due, which grow with
--          it. First the plain loans; then, by delinquency_of, those that are not, whatever they say.
-- Cost     one pass over payments, schedules, loans and kept figures for all; the last payment is only looked up where it is
--          another than before.

DROP TABLE IF EXISTS pg_temp.refreshed_figure;

CREATE TEMPORARY TABLE refreshed_figure ON COMMIT DROP AS
SELECT
    figure.*,
    CASE
        WHEN kept.last_payment_id = figure.last_payment_id THEN kept.last_paid_amount
        ELSE (SELECT amount FROM borrowers_payment AS payment WHERE payment.id = figure.last_payment_id)
    END AS last_paid_amount,
    NULL::date AS measured_on,
    kept.loan_id IS NULL AS is_new
FROM figures_by_plan(%(as_of)s::date, %(known_at)s::timestamptz, %(loans)s::bigint[]) AS figure
LEFT JOIN borrowers_delinquency AS kept ON kept.loan_id = figure.loan_id
WHERE NOT figure.is_plain
    OR kept.loan_id IS NULL
    OR (%(loans)s::bigint[] IS NOT NULL AND kept.as_of <> %(as_of)s::date)
    OR kept.days_past_due IS DISTINCT FROM coalesce(greatest(kept.as_of - kept.oldest_unpaid_due_on, 0), 0)
    OR (
        kept.bucket, kept.is_flagged, kept.instalments_past_due, kept.oldest_unpaid_due_on, kept.overdue_amount,
        kept.overdue_principal_amount, kept.outstanding_principal_amount, kept.outstanding_amount, kept.paid_amount,
        kept.in_flight_amount, kept.last_payment_id, kept.next_due_on, kept.next_due_amount, kept.is_placed,
        kept.is_bankrupt, kept.measured_on
    ) IS DISTINCT FROM (
        figure.bucket, figure.is_flagged, figure.instalments_past_due, figure.oldest_unpaid_due_on, figure.overdue_amount,
        figure.overdue_principal_amount, figure.outstanding_principal_amount, figure.outstanding_amount, figure.paid_amount,
        figure.in_flight_amount, figure.last_payment_id, figure.next_due_on, figure.next_due_amount, figure.is_placed,
        figure.is_bankrupt, NULL
    );

INSERT INTO refreshed_figure (
    loan_id, is_plain, days_past_due, bucket, is_flagged, instalments_past_due, oldest_unpaid_due_on, overdue_amount,
    overdue_principal_amount, outstanding_principal_amount, outstanding_amount, paid_amount, in_flight_amount, last_paid_on,
    last_paid_amount, next_due_on, next_due_amount, is_placed, is_bankrupt, measured_on, is_new
)
SELECT
    figure.loan_id, NULL, figure.days_past_due, figure.bucket, figure.is_flagged, figure.instalments_past_due,
    figure.oldest_unpaid_due_on, figure.overdue_amount, figure.overdue_principal_amount,
    figure.outstanding_principal_amount, figure.outstanding_amount, figure.paid_amount, figure.in_flight_amount,
    figure.last_paid_on, figure.last_paid_amount, figure.next_due_on, figure.next_due_amount, figure.is_placed,
    figure.is_bankrupt, figure.measured_on,
    NOT EXISTS (SELECT FROM borrowers_delinquency AS kept WHERE kept.loan_id = figure.loan_id)
FROM (
    SELECT coalesce(array_agg(loan_id), '{}') AS ids FROM refreshed_figure WHERE NOT is_plain
) AS wanted
CROSS JOIN LATERAL delinquency_of(
    wanted.ids,
    array_fill(%(as_of)s::date, ARRAY[cardinality(wanted.ids)]),
    array_fill(%(known_at)s::timestamptz, ARRAY[cardinality(wanted.ids)])
) AS figure;

DELETE FROM refreshed_figure WHERE NOT is_plain;
