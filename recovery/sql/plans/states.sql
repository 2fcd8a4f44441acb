-- plan_state, plan_states and plan_progress: how plans stand on a day, found from their events and from payments.
--
-- Grain    one row per plan of the array, or per plan, that was proposed by then.
-- Rules    A cleared payment that stands counts for the plan of its loan from the plan's first day on, the oldest instalment first.
--          An instalment is missed when its days of grace are over and, of all that was due up to it, more than the tolerance has
--          not come in. Grace, tolerance and how many may be missed are the terms of the day on which the plan starts.
--          completed   all of it came in
--          defaulted   more instalments are missed than are allowed, or the last one is
--          active      neither
-- Clocks   events, payments and reversals count if effective_on <= day and booked_at <= known.
-- Cost     one index range over events, instalments and payments per plan; linear in the plans asked for.

CREATE FUNCTION plan_states(day date, known timestamptz, plans bigint[] DEFAULT NULL)
RETURNS TABLE (plan_id bigint, state text, since date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT DISTINCT ON (event.plan_id) event.plan_id, event.state, event.effective_on
    FROM recovery_planevent AS event
    WHERE event.effective_on <= day
        AND event.booked_at <= known
        AND (plans IS NULL OR event.plan_id = ANY (plans))
    ORDER BY event.plan_id, event.number DESC
$$;

COMMENT ON FUNCTION plan_states(date, timestamptz, bigint[]) IS 'The state of every plan on a day: that of its last event.';

CREATE FUNCTION plan_progress(day date, known timestamptz, plans bigint[] DEFAULT NULL)
RETURNS TABLE (
    plan_id bigint,
    loan_id bigint,
    state text,
    since date,
    paid_amount numeric,
    due_amount numeric,
    n_missed bigint,
    missed_amount numeric,
    next_due_on date,
    next_due_amount numeric,
    found text
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT
        plan.id, plan.loan_id, standing.state, standing.since, received.amount, coalesce(due.amount, 0), due.n_missed,
        greatest(coalesce(due.amount, 0) - received.amount, 0), due.next_due_on, due.next_due_amount,
        CASE
            WHEN received.amount >= plan.agreed_amount THEN 'completed'
            WHEN due.n_missed > terms.missed_allowed OR due.last_is_missed THEN 'defaulted'
            ELSE 'active'
        END
    FROM plan_states(day, known, plans) AS standing
    JOIN recovery_plan AS plan ON plan.id = standing.plan_id
    CROSS JOIN LATERAL (
        SELECT grace_days, tolerance_ratio, missed_allowed
        FROM recovery_planterms
        WHERE effective_from <= plan.starts_on
        ORDER BY effective_from DESC
        LIMIT 1
    ) AS terms
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(payment.amount), 0) AS amount
        FROM borrowers_payment AS payment
        WHERE payment.loan_id = plan.loan_id
            AND payment.status = 'cleared'
            AND payment.reverses_id IS NULL
            AND payment.effective_on BETWEEN plan.starts_on AND day
            -- what came in earlier on the first day is part of what the plan started from
            AND (payment.effective_on > plan.starts_on OR payment.booked_at > plan.booked_at)
            AND payment.booked_at <= known
            AND NOT EXISTS (
                SELECT FROM borrowers_payment AS reversal
                WHERE reversal.reverses_id = payment.id AND reversal.effective_on <= day AND reversal.booked_at <= known
            )
    ) AS received
    CROSS JOIN LATERAL (
        SELECT
            sum(line.amount) FILTER (WHERE line.due_on <= day) AS amount,
            count(*) FILTER (WHERE line.is_missed) AS n_missed,
            coalesce(bool_or(line.is_missed AND line.due_on = plan.ends_on), false) AS last_is_missed,
            min(line.due_on) FILTER (WHERE line.total > received.amount) AS next_due_on,
            min(line.total - received.amount) FILTER (WHERE line.total > received.amount) AS next_due_amount
        FROM (
            SELECT
                totals.*,
                totals.due_on + terms.grace_days < day AND received.amount < totals.total * (1 - terms.tolerance_ratio)
                    AS is_missed
            FROM (
                SELECT instalment.due_on, instalment.amount, sum(instalment.amount) OVER (ORDER BY instalment.number) AS total
                FROM recovery_planinstalment AS instalment
                WHERE instalment.plan_id = plan.id
            ) AS totals
        ) AS line
    ) AS due
$$;

COMMENT ON FUNCTION plan_progress(date, timestamptz, bigint[]) IS
    'What came in on every plan, what is missed, and what that makes of it.';
