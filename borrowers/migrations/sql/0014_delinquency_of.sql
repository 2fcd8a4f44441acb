CREATE FUNCTION delinquency_of(loans bigint[], days date[], knowns timestamptz[])
RETURNS TABLE (
    loan_id bigint,
    as_of date,
    known_at timestamptz,
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
    last_paid_on date,
    last_paid_amount numeric,
    next_due_on date,
    next_due_amount numeric,
    is_placed boolean,
    is_bankrupt boolean,
    measured_on date
)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10000
SET plan_cache_mode = force_custom_plan
SET work_mem = '64MB'
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH asked AS (
        SELECT
            asked.n, loan.id AS loan_id, asked.as_of, asked.known_at, product.grace_days,
            loan.bookkeeping = 'snapshots' AS is_snapshot,
            product.kind = 'revolving' AND loan.bookkeeping = 'ledger' AS is_revolving
        FROM unnest(loans, days, knowns) WITH ORDINALITY AS asked (loan_id, as_of, known_at, n)
        JOIN borrowers_loan AS loan
            ON loan.id = asked.loan_id AND loan.approved_on <= asked.as_of AND loan.booked_at <= asked.known_at
        JOIN borrowers_product AS product ON product.id = loan.product_id
    ),
    received AS (
        -- The last payment that still stands is found by one number made of its day and its id (ids stay below 2^40). Only
        -- loans with entries other than plain cleared ones have to look for those taken back and those in flight.
        SELECT
            asked.n,
            sum(payment.amount) FILTER (WHERE payment.status = 'cleared') AS amount,
            CASE
                WHEN NOT bool_or(payment.reverses_id IS NOT NULL OR payment.status <> 'cleared')
                    THEN max(((payment.effective_on - DATE '1900-01-01')::bigint << 40) | payment.id)
                ELSE (
                    SELECT max(((standing.effective_on - DATE '1900-01-01')::bigint << 40) | standing.id)
                    FROM borrowers_payment AS standing
                    WHERE standing.loan_id = asked.loan_id
                        AND standing.effective_on <= asked.as_of
                        AND standing.booked_at <= asked.known_at
                        AND standing.status = 'cleared'
                        AND standing.reverses_id IS NULL
                        AND NOT EXISTS (
                            SELECT FROM borrowers_payment AS reversal
                            WHERE reversal.reverses_id = standing.id
                                AND reversal.effective_on <= asked.as_of
                                AND reversal.booked_at <= asked.known_at
                        )
                )
            END AS last_entry,
            CASE
                WHEN bool_or(payment.status IN ('pending', 'in_clearing')) THEN (
                    SELECT sum(flying.amount)
                    FROM borrowers_payment AS flying
                    WHERE flying.loan_id = asked.loan_id
                        AND flying.effective_on <= asked.as_of
                        AND flying.booked_at <= asked.known_at
                        AND flying.status IN ('pending', 'in_clearing')
                        AND NOT EXISTS (
                            SELECT FROM borrowers_payment AS later
                            WHERE later.follows_id = flying.id
                                AND later.effective_on <= asked.as_of
                                AND later.booked_at <= asked.known_at
                        )
                )
            END AS in_flight_amount
        FROM asked
        JOIN borrowers_payment AS payment
            ON payment.loan_id = asked.loan_id
            AND payment.effective_on <= asked.as_of
            AND payment.booked_at <= asked.known_at
        GROUP BY asked.n, asked.loan_id, asked.as_of, asked.known_at
    ),
    total AS (
        SELECT
            n,
            bool_or(kind = 'instalment') AND NOT bool_or(unpaid_amount > tolerance_amount) AS is_paid_off,
            min(due_on) FILTER (WHERE ageing_amount > tolerance_amount) AS oldest_unpaid_due_on,
            count(*) FILTER (WHERE ageing_amount > tolerance_amount AND due_on < as_of AND kind <> 'charge')
                AS instalments_past_due,
            sum(unpaid_amount) FILTER (WHERE unpaid_amount > tolerance_amount AND due_on < as_of) AS overdue_amount,
            sum(unpaid_principal_amount) FILTER (WHERE unpaid_amount > tolerance_amount AND due_on < as_of)
                AS overdue_principal_amount,
            sum(unpaid_principal_amount) AS outstanding_principal_amount,
            sum(unpaid_amount) AS outstanding_amount,
            min(due_on) FILTER (WHERE unpaid_amount > tolerance_amount AND due_on >= as_of) AS next_due_on,
            (
                array_agg(unpaid_amount ORDER BY due_on, turn)
                    FILTER (WHERE unpaid_amount > tolerance_amount AND due_on >= as_of)
            )[1] AS next_due_amount
        FROM settled_lines_of(loans, days, knowns)
        GROUP BY n
    ),
    account AS (
        SELECT
            latest.n,
            greatest(
                latest.balance_amount - coalesce(
                    (
                        SELECT sum(payment.amount)
                        FROM borrowers_payment AS payment
                        WHERE payment.loan_id = latest.loan_id
                            AND payment.effective_on > latest.stated_on
                            AND payment.effective_on <= latest.as_of
                            AND payment.booked_at <= latest.known_at
                            AND payment.status = 'cleared'
                    ),
                    0
                ),
                0
            ) AS outstanding_amount
        FROM (
            SELECT DISTINCT ON (asked.n)
                asked.n, asked.loan_id, asked.as_of, asked.known_at, statement.stated_on, statement.balance_amount
            FROM asked
            JOIN borrowers_statement AS statement
                ON statement.loan_id = asked.loan_id
                AND statement.stated_on <= asked.as_of
                AND statement.booked_at <= asked.known_at
            WHERE asked.is_revolving
            ORDER BY asked.n, statement.stated_on DESC, statement.booked_at DESC, statement.id DESC
        ) AS latest
    ),
    snapshot AS (
        SELECT DISTINCT ON (asked.n)
            asked.n, snapshot.as_of AS measured_on, snapshot.days_past_due, snapshot.overdue_amount,
            snapshot.outstanding_principal_amount, snapshot.outstanding_amount
        FROM asked
        JOIN borrowers_balancesnapshot AS snapshot
            ON snapshot.loan_id = asked.loan_id
            AND snapshot.as_of <= asked.as_of
            AND snapshot.booked_at <= asked.known_at
        WHERE asked.is_snapshot
        ORDER BY asked.n, snapshot.as_of DESC, snapshot.booked_at DESC, snapshot.id DESC
    ),
    happened AS (
        SELECT
            asked.n,
            (
                array_agg(event.kind ORDER BY event.effective_on DESC, event.id DESC)
                    FILTER (WHERE event.kind IN ('written_off', 'sold', 'closed'))
            )[1] AS taken_out,
            (
                array_agg(event.kind ORDER BY event.effective_on DESC, event.id DESC)
                    FILTER (WHERE event.kind IN ('placed', 'recalled'))
            )[1] AS placement,
            bool_or(event.kind = 'bankruptcy') AS is_bankrupt
        FROM asked
        JOIN borrowers_loanevent AS event
            ON event.loan_id = asked.loan_id
            AND event.effective_on <= asked.as_of
            AND event.booked_at <= asked.known_at
        WHERE NOT EXISTS (
            SELECT FROM borrowers_loanevent AS revocation
            WHERE revocation.revokes_id = event.id
                AND revocation.effective_on <= asked.as_of
                AND revocation.booked_at <= asked.known_at
        )
        GROUP BY asked.n
    ),
    figure AS (
        SELECT
            asked.n, asked.loan_id, asked.as_of, asked.known_at, asked.grace_days, asked.is_snapshot, asked.is_revolving,
            CASE
                WHEN asked.is_snapshot THEN snapshot.days_past_due
                ELSE coalesce(greatest(asked.as_of - total.oldest_unpaid_due_on, 0), 0)
            END AS days_past_due,
            CASE
                WHEN asked.is_snapshot THEN snapshot.outstanding_amount
                WHEN asked.is_revolving THEN coalesce(account.outstanding_amount, 0)
                ELSE coalesce(total.outstanding_amount, 0)
            END AS outstanding_amount,
            coalesce(total.is_paid_off, false) AS is_paid_off,
            total.instalments_past_due, total.oldest_unpaid_due_on, total.overdue_principal_amount,
            total.next_due_on, total.next_due_amount,
            total.overdue_amount AS overdue_by_lines,
            total.outstanding_principal_amount AS principal_by_lines,
            total.outstanding_amount AS outstanding_by_lines,
            snapshot.measured_on, snapshot.overdue_amount AS stated_overdue,
            snapshot.outstanding_principal_amount AS stated_principal,
            received.amount AS received_amount, received.last_entry, received.in_flight_amount,
            happened.taken_out, happened.placement, happened.is_bankrupt
        FROM asked
        LEFT JOIN total ON total.n = asked.n
        LEFT JOIN account ON account.n = asked.n
        LEFT JOIN snapshot ON snapshot.n = asked.n
        LEFT JOIN received ON received.n = asked.n
        LEFT JOIN happened ON happened.n = asked.n
    )
    SELECT
        figure.loan_id,
        figure.as_of,
        figure.known_at,
        figure.days_past_due,
        CASE
            WHEN figure.taken_out IS NOT NULL THEN figure.taken_out::text
            WHEN figure.is_paid_off THEN 'paid_off'
            WHEN figure.is_snapshot AND figure.outstanding_amount = 0 AND coalesce(figure.days_past_due, 0) = 0
                THEN 'paid_off'
            ELSE bucket_of(figure.days_past_due)
        END,
        coalesce(figure.days_past_due > figure.grace_days, false),
        CASE WHEN NOT figure.is_snapshot THEN coalesce(figure.instalments_past_due, 0)::integer END,
        figure.oldest_unpaid_due_on,
        CASE WHEN figure.is_snapshot THEN figure.stated_overdue ELSE coalesce(figure.overdue_by_lines, 0) END,
        CASE WHEN NOT figure.is_snapshot THEN coalesce(figure.overdue_principal_amount, 0) END,
        CASE
            WHEN figure.is_snapshot THEN figure.stated_principal
            WHEN figure.is_revolving THEN greatest(
                figure.outstanding_amount
                    - coalesce(figure.outstanding_by_lines - figure.principal_by_lines, 0),
                0
            )
            ELSE coalesce(figure.principal_by_lines, 0)
        END,
        figure.outstanding_amount,
        CASE WHEN figure.is_snapshot THEN figure.received_amount ELSE coalesce(figure.received_amount, 0) END,
        coalesce(figure.in_flight_amount, 0),
        last_payment.effective_on,
        last_payment.amount,
        figure.next_due_on,
        figure.next_due_amount,
        coalesce(figure.placement = 'placed', false),
        coalesce(figure.is_bankrupt, false),
        figure.measured_on
    FROM figure
    LEFT JOIN borrowers_payment AS last_payment
        ON last_payment.id = figure.last_entry & ((1::bigint << 40) - 1);
END
$$;

COMMENT ON FUNCTION delinquency_of(bigint[], date[], timestamptz[]) IS
    'Days past due, bucket and balances, one row per case (loan, day, known).';
