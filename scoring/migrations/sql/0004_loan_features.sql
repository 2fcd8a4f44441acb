-- loan_features: what was known of a loan on a day, as the float32 vector that models are trained on and score.
--
-- Grain    one row per case (loan, day, known), in the order of the three arrays, which run side by side; a loan may come on
--          many days. A case of an unknown loan id gives no row. Values are in the order of scoring/features/definition.py,
--          which says what each means; NULL where a value does not apply.
-- Leakage  an entry of the ledger counts if effective_on <= day and booked_at <= known: loans, schedules, payments, contacts
--          and promises alike, of this loan and of the borrower's other loans. A loan's own terms (principal, approval) are part of
--          the question. Delinquency comes from delinquency_of, which keeps the same rule.
-- Settled  payments, net of reversals, settle a schedule oldest due first, as in delinquency_of. An instalment is settled on the
--          first day from which on the sum received never again fell below the sum due up to it (less the tolerance). Both
--          sums only grow, so one sorted pass finds that day for every instalment of a loan.
-- Exact    sums are of numeric and of whole days, ratios are numeric, and each value is cast to real once, at the end: the same
--          case gives the same bytes in whatever company it is asked for.
-- Cost     index range reads for a few cases, passes over the tables with hash joins for many: the plan is made for the arrays
--          as they come (force_custom_plan), some milliseconds of planning. Linear in the ledger of the borrowers asked for.

CREATE FUNCTION loan_features(loans bigint[], days date[], knowns timestamptz[])
RETURNS TABLE (loan_id bigint, as_of date, known_at timestamptz, "values" real[])
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10000
SET plan_cache_mode = force_custom_plan
SET work_mem = '64MB'
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT
            asked.n, asked.as_of, asked.known_at, loan.id AS loan_id, loan.borrower_id, loan.currency,
            loan.principal_amount, loan.approved_on, coalesce(loan.approved_at, '-infinity') AS approved_at
        FROM unnest(loans, days, knowns) WITH ORDINALITY AS asked (loan_id, as_of, known_at, n)
        JOIN borrowers_loan AS loan ON loan.id = asked.loan_id
    ),
    -- The loan itself and the borrower's other loans, each as of the case. Loans of one borrower look at each other, so r
    -- numbers what is seen: each loan, day and known once. All joins to come are left joins or by one key, so that the planner
    -- never takes a large set for a row or two and loops over it.
    related AS MATERIALIZED (
        SELECT
            dense_rank() OVER (ORDER BY loan.id, asked.as_of, asked.known_at) AS r,
            asked.n, asked.as_of, asked.known_at, loan.id AS loan_id, loan.principal_amount, loan.approved_on,
            coalesce(loan.approved_at, '-infinity') AS approved_at, loan.term_days, product.tolerance_amount,
            loan.id = asked.loan_id AS is_own,
            loan.currency = asked.currency AS is_same_currency,
            (loan.approved_on, coalesce(loan.approved_at, '-infinity'), loan.id)
                < (asked.approved_on, asked.approved_at, asked.loan_id) AS is_earlier
        FROM asked
        JOIN borrowers_loan AS loan
            ON loan.borrower_id = asked.borrower_id
            AND loan.approved_on <= asked.as_of
            AND loan.booked_at <= asked.known_at
        JOIN borrowers_product AS product ON product.id = loan.product_id
    ),
    seen AS MATERIALIZED (
        SELECT DISTINCT ON (r) r, loan_id, as_of, known_at, tolerance_amount
        FROM related
        ORDER BY r
    ),
    standing AS (
        SELECT figure.*
        FROM (
            SELECT array_agg(loan_id) AS loans, array_agg(as_of) AS days, array_agg(known_at) AS knowns
            FROM seen
        ) AS wanted
        CROSS JOIN LATERAL delinquency_of(wanted.loans, wanted.days, wanted.knowns) AS figure
    ),
    in_force AS (
        SELECT DISTINCT ON (seen.r) seen.r, seen.as_of, seen.tolerance_amount, schedule.id
        FROM seen
        JOIN borrowers_scheduleversion AS schedule
            ON schedule.loan_id = seen.loan_id
            AND schedule.effective_on <= seen.as_of
            AND schedule.booked_at <= seen.known_at
        ORDER BY seen.r, schedule.version DESC
    ),
    line AS (
        SELECT
            in_force.r, in_force.as_of, instalment.due_on, instalment.principal_amount,
            instalment.interest_amount + instalment.fee_amount AS charge_amount,
            sum(instalment.principal_amount + instalment.interest_amount + instalment.fee_amount) OVER in_order
                - in_force.tolerance_amount AS required_amount,
            row_number() OVER in_order = 1 AS is_first
        FROM in_force
        JOIN borrowers_instalment AS instalment ON instalment.schedule_id = in_force.id
        WINDOW in_order AS (
            PARTITION BY in_force.r ORDER BY instalment.due_on, instalment.number ROWS UNBOUNDED PRECEDING
        )
    ),
    received AS (
        SELECT
            seen.r, payment.effective_on AS paid_on,
            sum(sum(payment.amount)) OVER (PARTITION BY seen.r ORDER BY payment.effective_on) AS amount
        FROM seen
        JOIN borrowers_payment AS payment
            ON payment.loan_id = seen.loan_id
            AND payment.effective_on <= seen.as_of
            AND payment.booked_at <= seen.known_at
            AND payment.status = 'cleared'
        GROUP BY seen.r, payment.effective_on
    ),
    kept AS (
        SELECT r, paid_on, min(amount) OVER (PARTITION BY r ORDER BY paid_on DESC) AS amount
        FROM received
    ),
    settled_line AS (
        SELECT
            both_sides.*,
            CASE
                WHEN amount <= 0 THEN due_on
                ELSE min(paid_on) OVER (
                    PARTITION BY r ORDER BY amount DESC, is_payment DESC ROWS UNBOUNDED PRECEDING
                )
            END AS settled_on
        FROM (
            SELECT
                r, required_amount AS amount, false AS is_payment, NULL::date AS paid_on,
                as_of, due_on, principal_amount, charge_amount, is_first
            FROM line
            UNION ALL
            SELECT r, amount, true, paid_on, NULL, NULL, NULL, NULL, NULL
            FROM kept
        ) AS both_sides
    ),
    plan AS (
        SELECT
            r,
            count(*) AS n_instalments,
            max(due_on) AS last_due_on,
            sum(charge_amount) / nullif(sum(principal_amount), 0) AS interest_ratio,
            sum(principal_amount + charge_amount) FILTER (WHERE due_on <= as_of AND due_on > as_of - 30) AS due_30,
            sum(principal_amount + charge_amount) FILTER (WHERE due_on <= as_of AND due_on > as_of - 90) AS due_90,
            max(greatest(coalesce(settled_on, as_of) - due_on, 0))
                FILTER (WHERE due_on <= as_of AND due_on > as_of - 180) AS worst_days_late,
            (count(*) FILTER (WHERE due_on <= as_of AND coalesce(settled_on, as_of) > due_on))::numeric
                / nullif(count(*) FILTER (WHERE due_on <= as_of), 0) AS late_ratio,
            min(coalesce(settled_on, as_of) - due_on)
                FILTER (WHERE is_first AND (due_on <= as_of OR settled_on IS NOT NULL)) AS first_days_late,
            CASE WHEN bool_and(settled_on IS NOT NULL) THEN max(settled_on) END AS settled_on
        FROM settled_line
        WHERE NOT is_payment
        GROUP BY r
    ),
    book AS MATERIALIZED (
        SELECT
            related.*, plan.n_instalments, plan.last_due_on, plan.interest_ratio, plan.due_30, plan.due_90,
            plan.worst_days_late, plan.late_ratio, plan.first_days_late, plan.settled_on,
            coalesce(related.term_days, plan.last_due_on - related.approved_on) AS agreed_days,
            standing.bucket, standing.days_past_due, standing.instalments_past_due, standing.overdue_amount,
            standing.outstanding_amount, standing.outstanding_principal_amount, standing.last_paid_on
        FROM related
        LEFT JOIN plan ON plan.r = related.r
        LEFT JOIN standing
            ON standing.loan_id = related.loan_id
            AND standing.as_of = related.as_of
            AND standing.known_at = related.known_at
    ),
    -- The borrower's other loans, one row per case.
    others AS (
        SELECT
            n,
            count(*) FILTER (WHERE is_owing(bucket)) AS n_open,
            sum(overdue_amount) FILTER (WHERE is_same_currency) AS overdue_amount,
            count(*) FILTER (WHERE bucket = 'written_off') AS n_written_off,
            count(*) FILTER (WHERE bucket = 'paid_off') AS n_settled,
            avg(settled_on - last_due_on) FILTER (WHERE bucket = 'paid_off') AS mean_days_late,
            max(settled_on - last_due_on) FILTER (WHERE bucket = 'paid_off') AS worst_days_late,
            avg((settled_on > last_due_on)::integer) FILTER (WHERE bucket = 'paid_off') AS late_ratio,
            avg(first_days_late) AS mean_first_days_late,
            avg((first_days_late > 0)::integer) AS first_late_ratio,
            max(settled_on) FILTER (WHERE bucket = 'paid_off') AS last_settled_on,
            min(approved_on) FILTER (WHERE is_earlier) AS first_approved_on
        FROM book
        WHERE NOT is_own
        GROUP BY n
    ),
    last_settled AS (
        SELECT DISTINCT ON (n)
            n, settled_on - last_due_on AS days_late,
            (settled_on - approved_on)::numeric / nullif(agreed_days, 0) AS held_ratio
        FROM book
        WHERE NOT is_own AND bucket = 'paid_off' AND settled_on IS NOT NULL
        ORDER BY n, settled_on DESC, loan_id DESC
    ),
    previous AS (
        SELECT DISTINCT ON (book.n)
            book.n, book.approved_on, book.interest_ratio,
            CASE WHEN book.is_same_currency THEN book.principal_amount END AS principal_amount
        FROM book
        WHERE book.is_earlier
        ORDER BY book.n, book.approved_on DESC, book.approved_at DESC, book.loan_id DESC
    ),
    paid AS (
        SELECT
            asked.n,
            sum(payment.amount) FILTER (WHERE payment.effective_on > asked.as_of - 30) AS paid_30,
            sum(payment.amount) FILTER (WHERE payment.effective_on > asked.as_of - 90) AS paid_90,
            count(payment.reverses_id) AS n_reversals
        FROM asked
        JOIN borrowers_payment AS payment
            ON payment.loan_id = asked.loan_id
            AND payment.effective_on <= asked.as_of
            AND payment.effective_on > asked.as_of - 180
            AND payment.booked_at <= asked.known_at
            AND payment.status = 'cleared'
        GROUP BY asked.n
    ),
    spoken AS (
        SELECT
            asked.n,
            count(*) FILTER (WHERE event.channel <> 'inbound' AND event.effective_on > asked.as_of - 30) AS attempts_30,
            count(*) FILTER (WHERE event.channel <> 'inbound') AS attempts_90,
            count(*) FILTER (WHERE event.reached_borrower) AS reached_90
        FROM asked
        JOIN borrowers_contactevent AS event
            ON event.borrower_id = asked.borrower_id
            AND event.effective_on <= asked.as_of
            AND event.effective_on > asked.as_of - 90
            AND event.booked_at <= asked.known_at
        WHERE NOT EXISTS (
            SELECT FROM borrowers_contactevent AS correction
            WHERE correction.corrects_id = event.id
                AND correction.effective_on <= asked.as_of
                AND correction.booked_at <= asked.known_at
        )
        GROUP BY asked.n
    ),
    -- A promise is broken once its due day and two days of grace have passed without 95 % of it, unless a newer one replaced it.
    promised AS (
        SELECT
            promise.n,
            count(*) AS n_made,
            count(*) FILTER (
                WHERE promise.due_on + 2 < promise.as_of
                    AND (promise.replaced_on IS NULL OR promise.replaced_on > promise.due_on + 2)
                    AND coalesce(came_in.amount, 0) < 0.95 * promise.amount
            ) AS n_broken
        FROM (
            SELECT
                asked.n, asked.as_of, asked.known_at, promise.loan_id, promise.amount, promise.made_on, promise.due_on,
                lead(promise.made_on) OVER (PARTITION BY asked.n ORDER BY promise.made_on, promise.id) AS replaced_on
            FROM asked
            JOIN borrowers_promise AS promise
                ON promise.loan_id = asked.loan_id
                AND promise.made_on <= asked.as_of
                AND promise.made_on > asked.as_of - 180
                AND promise.booked_at <= asked.known_at
        ) AS promise
        LEFT JOIN LATERAL (
            SELECT sum(payment.amount) AS amount
            FROM borrowers_payment AS payment
            WHERE payment.loan_id = promise.loan_id
                AND payment.status = 'cleared'
                AND payment.reverses_id IS NULL
                AND payment.effective_on
                    BETWEEN promise.made_on AND least(promise.as_of, promise.due_on + 2, promise.replaced_on - 1)
                AND payment.booked_at <= promise.known_at
                AND NOT EXISTS (
                    SELECT FROM borrowers_payment AS reversal
                    WHERE reversal.reverses_id = payment.id
                        AND reversal.effective_on <= promise.as_of
                        AND reversal.booked_at <= promise.known_at
                )
        ) AS came_in ON true
        GROUP BY promise.n
    )
    SELECT
        asked.loan_id,
        asked.as_of,
        asked.known_at,
        ARRAY[
            -- how the loan stands
            own.days_past_due::real,
            own.instalments_past_due::real,
            (own.overdue_amount / nullif(own.outstanding_amount, 0))::real,
            CASE WHEN own.n_instalments IS NOT NULL
                THEN 1 - own.outstanding_principal_amount / asked.principal_amount END::real,
            (asked.as_of - own.last_paid_on)::real,
            (coalesce(paid.paid_30, 0) / nullif(own.due_30, 0))::real,
            (coalesce(paid.paid_90, 0) / nullif(own.due_90, 0))::real,
            own.worst_days_late::real,
            own.late_ratio::real,
            coalesce(paid.n_reversals, 0)::real,
            -- what was agreed
            (asked.as_of - asked.approved_on)::real,
            (own.last_due_on - asked.as_of)::real,
            own.agreed_days::real,
            own.n_instalments::real,
            own.interest_ratio::real,
            asked.principal_amount::real,
            -- what was said
            coalesce(spoken.attempts_30, 0)::real,
            coalesce(spoken.attempts_90, 0)::real,
            coalesce(spoken.reached_90, 0)::real,
            coalesce(promised.n_made, 0)::real,
            coalesce(promised.n_broken, 0)::real,
            -- the borrower's other loans
            coalesce(others.n_open, 0)::real,
            coalesce(others.overdue_amount, 0)::real,
            coalesce(others.n_written_off, 0)::real,
            coalesce(others.n_settled, 0)::real,
            others.mean_days_late::real,
            others.worst_days_late::real,
            last_settled.days_late::real,
            others.late_ratio::real,
            others.mean_first_days_late::real,
            others.first_late_ratio::real,
            last_settled.held_ratio::real,
            (asked.as_of - others.last_settled_on)::real,
            (asked.as_of - others.first_approved_on)::real,
            (asked.approved_on - previous.approved_on)::real,
            (asked.principal_amount / previous.principal_amount)::real,
            (own.interest_ratio - previous.interest_ratio)::real
        ]
    FROM asked
    LEFT JOIN book AS own ON own.n = asked.n AND own.is_own
    LEFT JOIN others ON others.n = asked.n
    LEFT JOIN last_settled ON last_settled.n = asked.n
    LEFT JOIN previous ON previous.n = asked.n
    LEFT JOIN paid ON paid.n = asked.n
    LEFT JOIN spoken ON spoken.n = asked.n
    LEFT JOIN promised ON promised.n = asked.n
    ORDER BY asked.n;
END
$$;

COMMENT ON FUNCTION loan_features(bigint[], date[], timestamptz[]) IS
    'What was known of a loan on a day, one float32 vector per case (loan, day, known).';
