-- figures_by_plan: the figures of delinquency_of for plain loans, found in one row per loan.
--
-- Grain    one row per loan that was approved by the day and known at `known`: of the array, or all for NULL. Where
--          is_plain is false only loan_id is meant: such a loan is for delinquency_of, which stays the definition. The tests
--          hold both against the same slow ledger.
-- Plain    a loan with instalments whose product settles fees, interest, principal in this order, and none of whose
--          instalments and charges is within the tolerance. With charges that count: where unpaid fees do not age a loan, and
--          none is of the day itself.
-- How      amounts due are kept as sums up to each instalment. Money settles the instalments due, then the charges, then those
--          to come: r is what reaches instalments, c what reaches charges. The first sum above r + tolerance is that of the
--          oldest unpaid instalment j, the first above r that of the one partly paid l; m instalments were due before the day.
--          i is the first charge not paid.
-- Cost     one pass over the payments with one group per loan, one row per schedule, one per loan: parallel, because it is
--          plain SQL that is inlined into its caller. OFFSET 0 keeps each search from being made once per use. Loans with
--          payments returned, reversed or in flight look up theirs; charges and events are passed over once.

CREATE FUNCTION figures_by_plan(day date, known timestamptz, loans bigint[])
RETURNS TABLE (
    loan_id bigint,
    is_plain boolean,
    days_past_due integer,
    bucket text,
    is_flagged boolean,
    instalments_past_due integer,
    oldest_unpaid_due_on date,
    overdue_amount numeric,
    overdue_principal_amount numeric,
    outstanding_principal_amount numeric,
    outstanding_amount numeric,
    paid_amount numeric,
    in_flight_amount numeric,
    last_payment_id bigint,
    last_paid_on date,
    next_due_on date,
    next_due_amount numeric,
    is_placed boolean,
    is_bankrupt boolean
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
AS $$
    SELECT
        found.loan_id,
        found.is_plain,
        found.days,
        CASE
            WHEN found.taken_out IS NOT NULL THEN found.taken_out
            WHEN found.j > found.n AND found.overdue_charge_cents = 0 THEN 'paid_off'
            ELSE bucket_of(found.days)
        END,
        found.days > found.grace_days,
        greatest(found.m - found.j + 1, 0),
        found.due_on[found.j],
        (
            CASE
                WHEN found.j <= found.m
                    THEN found.due_cents[found.m] - greatest(found.r, coalesce(found.due_cents[found.j - 1], 0))
                ELSE 0
            END + found.overdue_charge_cents
        ) * 0.01,
        CASE
            WHEN found.j <= found.m
                THEN found.principal_cents[found.m] - found.principal_cents[found.j] + least(
                    found.principal_cents[found.j] - coalesce(found.principal_cents[found.j - 1], 0),
                    found.due_cents[found.j] - found.r
                )
            ELSE 0
        END * 0.01,
        CASE
            WHEN found.l <= found.n
                THEN found.principal_cents[found.n] - found.principal_cents[found.l] + least(
                    found.principal_cents[found.l] - coalesce(found.principal_cents[found.l - 1], 0),
                    found.due_cents[found.l] - found.r
                )
            ELSE 0
        END * 0.01,
        (greatest(found.due_cents[found.n] - found.r, 0) + found.charge_cents - found.c) * 0.01,
        found.received,
        found.in_flight_amount,
        found.last_entry & ((1::bigint << 40) - 1),
        DATE '1900-01-01' + (found.last_entry >> 40)::integer,
        found.due_on[found.q],
        (found.due_cents[found.q] - greatest(found.r, coalesce(found.due_cents[found.q - 1], 0))) * 0.01,
        found.is_placed,
        found.is_bankrupt
    FROM (
        SELECT
            searched.*,
            greatest(searched.j, searched.m + 1) AS q,
            CASE WHEN searched.j <= searched.m THEN day - searched.due_on[searched.j] ELSE 0 END AS days,
            CASE
                WHEN searched.i <= cardinality(searched.charged_cents)
                    THEN searched.charge_cents - greatest(searched.c, coalesce(searched.charged_cents[searched.i - 1], 0))
                ELSE 0
            END AS overdue_charge_cents
        FROM (
            SELECT
                poured.*,
                cardinality(poured.due_on) AS n,
                width_bucket(day - 1, poured.due_on) AS m,
                width_bucket(poured.r + poured.tolerance, poured.due_cents) + 1 AS j,
                width_bucket(poured.r, poured.due_cents) + 1 AS l,
                width_bucket(poured.c + poured.tolerance, poured.charged_cents) + 1 AS i
            FROM (
                SELECT
                    whole.*,
                    CASE
                        WHEN whole.charge_cents = 0 THEN whole.received_cents
                        ELSE least(whole.received_cents, whole.cents_due)
                            + greatest(whole.received_cents - whole.cents_due - whole.charge_cents, 0)
                    END AS r,
                    CASE
                        WHEN whole.charge_cents = 0 THEN 0
                        ELSE least(greatest(whole.received_cents - whole.cents_due, 0), whole.charge_cents)
                    END AS c
                FROM (
                    SELECT
                        loan.id AS loan_id, product.grace_days,
                        coalesce(received.amount, 0) AS received,
                        (greatest(coalesce(received.amount, 0), 0) * 100)::bigint AS received_cents,
                        (product.tolerance_amount * 100)::bigint AS tolerance,
                        CASE
                            WHEN received.has_steps THEN (
                                SELECT max(((standing.effective_on - DATE '1900-01-01')::bigint << 40) | standing.id)
                                FROM borrowers_payment AS standing
                                WHERE standing.loan_id = loan.id
                                    AND standing.effective_on <= day
                                    AND standing.booked_at <= known
                                    AND standing.status = 'cleared'
                                    AND standing.reverses_id IS NULL
                                    AND NOT EXISTS (
                                        SELECT FROM borrowers_payment AS reversal
                                        WHERE reversal.reverses_id = standing.id
                                            AND reversal.effective_on <= day
                                            AND reversal.booked_at <= known
                                    )
                            )
                            ELSE received.last_entry
                        END AS last_entry,
                        CASE
                            WHEN received.has_steps THEN (
                                SELECT coalesce(sum(flying.amount), 0)
                                FROM borrowers_payment AS flying
                                WHERE flying.loan_id = loan.id
                                    AND flying.effective_on <= day
                                    AND flying.booked_at <= known
                                    AND flying.status IN ('pending', 'in_clearing')
                                    AND NOT EXISTS (
                                        SELECT FROM borrowers_payment AS later
                                        WHERE later.follows_id = flying.id
                                            AND later.effective_on <= day
                                            AND later.booked_at <= known
                                    )
                            )
                            ELSE 0
                        END AS in_flight_amount,
                        coalesce(charged.cents[cardinality(charged.cents)], 0) AS charge_cents,
                        charged.cents AS charged_cents,
                        CASE
                            WHEN charged.cents IS NOT NULL
                                THEN coalesce(plan.due_cents[width_bucket(day, plan.due_on)], 0)
                        END AS cents_due,
                        happened.taken_out,
                        coalesce(happened.placement = 'placed', false) AS is_placed,
                        coalesce(happened.is_bankrupt, false) AS is_bankrupt,
                        coalesce(
                            loan.bookkeeping = 'ledger'
                                AND product.kind = 'instalment'
                                AND product.settlement_order = 'fip'
                                AND plan.smallest_cents > product.tolerance_amount * 100
                                AND (
                                    charged.cents IS NULL
                                    OR (
                                        NOT product.unpaid_fees_age
                                        AND charged.last_on < day
                                        AND charged.smallest_amount > product.tolerance_amount
                                    )
                                ),
                            false
                        ) AS is_plain,
                        plan.due_on, plan.due_cents, plan.principal_cents
                    FROM borrowers_loan AS loan
                    JOIN borrowers_product AS product ON product.id = loan.product_id
                    LEFT JOIN (
                        SELECT schedule.loan_id, max((schedule.version::bigint << 40) | schedule.id) AS latest
                        FROM borrowers_scheduleversion AS schedule
                        WHERE schedule.effective_on <= day
                            AND schedule.booked_at <= known
                            AND (loans IS NULL OR schedule.loan_id = ANY (loans))
                        GROUP BY schedule.loan_id
                    ) AS in_force ON in_force.loan_id = loan.id
                    LEFT JOIN borrowers_scheduleplan AS plan
                        ON plan.schedule_id = in_force.latest & ((1::bigint << 40) - 1)
                    LEFT JOIN (
                        SELECT
                            payment.loan_id,
                            sum(payment.amount) FILTER (WHERE payment.status = 'cleared') AS amount,
                            max(((payment.effective_on - DATE '1900-01-01')::bigint << 40) | payment.id) AS last_entry,
                            bool_or(payment.reverses_id IS NOT NULL OR payment.status <> 'cleared') AS has_steps
                        FROM borrowers_payment AS payment
                        WHERE payment.effective_on <= day
                            AND payment.booked_at <= known
                            AND (loans IS NULL OR payment.loan_id = ANY (loans))
                        GROUP BY payment.loan_id
                    ) AS received ON received.loan_id = loan.id
                    LEFT JOIN (
                        SELECT
                            line.loan_id,
                            array_agg((line.owed * 100)::bigint ORDER BY line.effective_on, line.id) AS cents,
                            max(line.effective_on) AS last_on,
                            min(line.amount) AS smallest_amount
                        FROM (
                            SELECT
                                charge.id, charge.loan_id, charge.effective_on, charge.amount,
                                sum(charge.amount) OVER (
                                    PARTITION BY charge.loan_id ORDER BY charge.effective_on, charge.id
                                    ROWS UNBOUNDED PRECEDING
                                ) AS owed
                            FROM borrowers_charge AS charge
                            WHERE charge.effective_on <= day
                                AND charge.booked_at <= known
                                AND charge.waives_id IS NULL
                                AND (loans IS NULL OR charge.loan_id = ANY (loans))
                                AND NOT EXISTS (
                                    SELECT FROM borrowers_charge AS waiver
                                    WHERE waiver.waives_id = charge.id
                                        AND waiver.effective_on <= day
                                        AND waiver.booked_at <= known
                                )
                        ) AS line
                        GROUP BY line.loan_id
                    ) AS charged ON charged.loan_id = loan.id
                    LEFT JOIN (
                        SELECT
                            event.loan_id,
                            (
                                array_agg(event.kind ORDER BY event.effective_on DESC, event.id DESC)
                                    FILTER (WHERE event.kind IN ('written_off', 'sold', 'closed'))
                            )[1]::text AS taken_out,
                            (
                                array_agg(event.kind ORDER BY event.effective_on DESC, event.id DESC)
                                    FILTER (WHERE event.kind IN ('placed', 'recalled'))
                            )[1] AS placement,
                            bool_or(event.kind = 'bankruptcy') AS is_bankrupt
                        FROM borrowers_loanevent AS event
                        WHERE event.effective_on <= day
                            AND event.booked_at <= known
                            AND (loans IS NULL OR event.loan_id = ANY (loans))
                            AND NOT EXISTS (
                                SELECT FROM borrowers_loanevent AS revocation
                                WHERE revocation.revokes_id = event.id
                                    AND revocation.effective_on <= day
                                    AND revocation.booked_at <= known
                            )
                        GROUP BY event.loan_id
                    ) AS happened ON happened.loan_id = loan.id
                    WHERE loan.approved_on <= day
                        AND loan.booked_at <= known
                        AND (loans IS NULL OR loan.id = ANY (loans))
                    OFFSET 0
                ) AS whole
                OFFSET 0
            ) AS poured
            OFFSET 0
        ) AS searched
        OFFSET 0
    ) AS found
$$;

COMMENT ON FUNCTION figures_by_plan(date, timestamptz, bigint[]) IS
    'The figures of plain loans, found in one row per loan; the others are told by is_plain = false.';
