-- What came back from loans in default: recovery, and the loss given default.
-- Grain:   one row per currency and month end of default.
-- Base:    loans first seen 91+ or written off at a kept month end after the first one; what was in default by then has no known
--          day of default and is absent. A loan has one workout, its first.
-- Rules    A workout ends with a cure (0 days past due, and so at three more month ends without new terms; 12 months behind a
--          distressed restructure), with full payment, sale, closing, or after the given number of months. Else it is open.
--          EAD is principal, and interest and fees overdue, at the month end of default (a snapshot's balance).
--          Value is the present value, at the loan's own rate from that month end, of cleared money net of reversals, of a sale's
--          price, and in a cure of what is still owed then. Cost is that of contacts: a contact that names no loan is shared by
--          the workouts of its borrower. Without a rate, an exposure, payments or the price of its sale a loan is counted apart and is in no amount.
-- Cost:    one pass over the snapshots; of loans in default their snapshots, payments and contacts by index.
-- Leakage: it looks ahead by nature: it measures and feeds no model.
WITH bad AS (
    SELECT loan_id, min(as_of) AS default_on
    FROM borrowers_monthendsnapshot
    WHERE as_of <= %(last_day)s AND (days_past_due > 90 AND is_owing(bucket) OR bucket = 'written_off')
    GROUP BY loan_id
),
workout AS MATERIALIZED (
    SELECT
        bad.loan_id, bad.default_on, loan.currency, loan.borrower_id,
        loan.annual_interest_ratio::float8 AS rate,
        coalesce(
            before.outstanding_principal_amount + before.overdue_amount - before.overdue_principal_amount,
            before.outstanding_amount
        ) AS ead_amount,
        loan.bookkeeping = 'ledger' AS has_payments
    FROM bad
    JOIN loans_asked_for(%(currency)s, %(product)s, %(team)s, %(segment)s, %(segment_value)s) AS loan
        ON loan.id = bad.loan_id
    JOIN borrowers_monthendsnapshot AS before ON before.loan_id = bad.loan_id AND before.as_of = bad.default_on
    WHERE bad.default_on > %(first_day)s
),
later AS MATERIALIZED (
    SELECT
        workout.loan_id, snapshot.as_of, snapshot.bucket,
        coalesce(
            snapshot.outstanding_principal_amount + snapshot.overdue_amount - snapshot.overdue_principal_amount,
            snapshot.outstanding_amount
        ) AS exposure_amount,
        count(*) FILTER (WHERE snapshot.bucket <> 'current')
            OVER (PARTITION BY workout.loan_id ORDER BY snapshot.as_of) AS spell
    FROM workout
    JOIN borrowers_monthendsnapshot AS snapshot
        ON snapshot.loan_id = workout.loan_id
        AND snapshot.as_of > workout.default_on
        AND snapshot.as_of <= %(last_day)s
),
cure AS (
    SELECT run.loan_id, min(run.cured_on) AS cured_on
    FROM (
        SELECT loan_id, min(as_of) AS cured_on, max(as_of) AS lasted_until
        FROM later
        WHERE bucket = 'current'
        GROUP BY loan_id, spell
    ) AS run
    WHERE run.lasted_until >= date_trunc('month', run.cured_on::timestamp) + interval '4 months' - interval '1 day'
        AND NOT EXISTS (
            SELECT
            FROM borrowers_scheduleversion AS terms
            WHERE terms.loan_id = run.loan_id
                AND terms.reason IN ('deferral', 're_age', 'restructure')
                AND terms.booked_at <= %(known_at)s
                AND (
                    terms.effective_on > run.cured_on
                        AND terms.effective_on < date_trunc('month', run.cured_on::timestamp) + interval '4 months'
                    OR terms.is_distressed
                        AND terms.effective_on <= run.lasted_until
                        AND terms.effective_on + interval '12 months' > run.lasted_until
                )
        )
    GROUP BY run.loan_id
),
paid AS (
    SELECT loan_id, min(as_of) AS paid_on FROM later WHERE bucket = 'paid_off' GROUP BY loan_id
),
ended AS (
    SELECT DISTINCT ON (event.loan_id) event.loan_id, event.kind, event.effective_on AS ended_on, event.amount
    FROM workout
    JOIN borrowers_loanevent AS event
        ON event.loan_id = workout.loan_id
        AND event.kind IN ('sold', 'closed')
        AND event.effective_on > workout.default_on
        AND event.effective_on <= %(as_of)s
        AND event.booked_at <= %(known_at)s
    WHERE NOT EXISTS (
        SELECT
        FROM borrowers_loanevent AS revocation
        WHERE revocation.revokes_id = event.id
            AND revocation.effective_on <= %(as_of)s
            AND revocation.booked_at <= %(known_at)s
    )
    ORDER BY event.loan_id, event.effective_on, event.id
),
resolved AS MATERIALIZED (
    SELECT
        workout.*,
        workout.rate IS NOT NULL AND workout.ead_amount IS NOT NULL AND workout.has_payments AS is_measured,
        least(cure.cured_on, paid.paid_on, ended.ended_on, timed.out_on) AS resolved_on,
        CASE least(cure.cured_on, paid.paid_on, ended.ended_on, timed.out_on)
            WHEN cure.cured_on THEN 'cured'
            WHEN paid.paid_on THEN 'paid_off'
            WHEN ended.ended_on THEN ended.kind
            WHEN timed.out_on THEN 'timed_out'
            ELSE 'open'
        END AS outcome,
        ended.amount AS price_amount,
        later.exposure_amount AS cured_amount,
        count(*) OVER (PARTITION BY workout.borrower_id) AS n_of_borrower
    FROM workout
    LEFT JOIN cure ON cure.loan_id = workout.loan_id
    LEFT JOIN later ON later.loan_id = workout.loan_id AND later.as_of = cure.cured_on
    LEFT JOIN paid ON paid.loan_id = workout.loan_id
    LEFT JOIN ended ON ended.loan_id = workout.loan_id
    LEFT JOIN LATERAL (
        SELECT (workout.default_on + make_interval(months => %(workout_months)s))::date AS out_on
    ) AS timed ON timed.out_on <= %(as_of)s
),
received AS (
    SELECT
        resolved.loan_id,
        sum(payment.amount) AS amount,
        sum(payment.amount::float8 * (1 + resolved.rate) ^ ((resolved.default_on - payment.effective_on) / 365.0))
            AS value
    FROM resolved
    JOIN borrowers_payment AS payment
        ON payment.loan_id = resolved.loan_id
        AND payment.effective_on > resolved.default_on
        AND payment.effective_on <= coalesce(resolved.resolved_on, %(as_of)s)
        AND payment.booked_at <= %(known_at)s
        AND payment.status = 'cleared'
    GROUP BY resolved.loan_id
),
spent AS (
    SELECT
        resolved.loan_id,
        count(*) - count(price.cost_amount) AS n_without_cost,
        sum(
            price.cost_amount::float8
            / CASE WHEN event.loan_id IS NULL THEN resolved.n_of_borrower ELSE 1 END
            * (1 + resolved.rate) ^ ((resolved.default_on - event.effective_on) / 365.0)
        ) AS value
    FROM resolved
    JOIN borrowers_contactevent AS event
        ON event.borrower_id = resolved.borrower_id
        AND (event.loan_id IS NULL OR event.loan_id = resolved.loan_id)
        AND event.effective_on > resolved.default_on
        AND event.effective_on <= coalesce(resolved.resolved_on, %(as_of)s)
        AND event.booked_at <= %(known_at)s
        AND NOT EXISTS (SELECT FROM borrowers_contactevent AS correction WHERE correction.corrects_id = event.id)
    LEFT JOIN LATERAL (
        SELECT cost.cost_amount + CASE
            WHEN cost.minute_amount = 0 THEN 0
            ELSE cost.minute_amount * (event.talk_minutes + coalesce(event.wrap_up_minutes, 0))
        END AS cost_amount
        FROM borrowers_contactcost AS cost
        WHERE cost.channel = event.channel AND cost.currency = resolved.currency AND cost.since <= event.effective_on
        ORDER BY cost.since DESC
        LIMIT 1
    ) AS price ON true
    GROUP BY resolved.loan_id
),
valued AS (
    SELECT
        currency, default_on, outcome, ead_amount,
        is_measured AND (outcome <> 'sold' OR price_amount IS NOT NULL) AS is_measured,
        coalesce(received.amount, 0) + CASE WHEN outcome = 'sold' THEN coalesce(price_amount, 0) ELSE 0 END
            AS recovered_amount,
        coalesce(received.value, 0)
            + CASE outcome WHEN 'sold' THEN coalesce(price_amount, 0) WHEN 'cured' THEN cured_amount ELSE 0 END::float8
            * (1 + rate) ^ ((default_on - coalesce(resolved_on, default_on)) / 365.0) AS value,
        coalesce(spent.value, 0) AS cost,
        coalesce(spent.n_without_cost, 0) AS n_without_cost
    FROM resolved
    LEFT JOIN received ON received.loan_id = resolved.loan_id
    LEFT JOIN spent ON spent.loan_id = resolved.loan_id
)
SELECT
    currency,
    default_on,
    count(*) AS n_loans,
    count(*) FILTER (WHERE outcome = 'cured') AS n_cured,
    count(*) FILTER (WHERE outcome = 'paid_off') AS n_paid_off,
    count(*) FILTER (WHERE outcome = 'sold') AS n_sold,
    count(*) FILTER (WHERE outcome = 'closed') AS n_closed,
    count(*) FILTER (WHERE outcome = 'timed_out') AS n_timed_out,
    count(*) FILTER (WHERE outcome = 'open') AS n_open,
    count(*) FILTER (WHERE NOT is_measured) AS n_not_measured,
    sum(n_without_cost) FILTER (WHERE is_measured) AS n_without_cost,
    sum(ead_amount) FILTER (WHERE is_measured) AS ead_amount,
    sum(recovered_amount) FILTER (WHERE is_measured) AS recovered_amount,
    sum(value) FILTER (WHERE is_measured)::numeric(20, 2) AS value_amount,
    sum(cost) FILTER (WHERE is_measured)::numeric(20, 2) AS cost_amount,
    sum(ead_amount) FILTER (WHERE is_measured AND outcome <> 'open') AS resolved_ead_amount,
    sum(value) FILTER (WHERE is_measured AND outcome <> 'open')::numeric(20, 2) AS resolved_value_amount,
    sum(cost) FILTER (WHERE is_measured AND outcome <> 'open')::numeric(20, 2) AS resolved_cost_amount
FROM valued
GROUP BY currency, default_on
ORDER BY currency, default_on
