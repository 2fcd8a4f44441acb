-- What loans owed on a day, line by line, with the payments that settled each line: settled_lines_of beside the payments.
--
-- Grain    one row per line of each of %(loans)s as of %(day)s, as known at %(known)s, in the order of settlement.
-- Rules    lines, their order and what is open of them are those of settlement.sql. Payments that stand are laid end to end in
--          the order in which they count; the stretch that a payment shares with a line is what it settled of it.
-- Cost     a handful of index range reads per loan.

WITH line AS (
    SELECT
        settled.*, principal_amount + interest_amount + fee_amount AS amount,
        sum(principal_amount + interest_amount + fee_amount) OVER (PARTITION BY n ORDER BY turn) AS until_amount
    FROM settled_lines_of(
        %(loans)s::bigint[],
        array_fill(%(day)s::date, ARRAY[cardinality(%(loans)s::bigint[])]),
        array_fill(%(known)s::timestamptz, ARRAY[cardinality(%(loans)s::bigint[])])
    ) AS settled
),
received AS (
    SELECT
        payment.loan_id, payment.id, payment.amount,
        sum(payment.amount) OVER (
            PARTITION BY payment.loan_id ORDER BY payment.effective_on, payment.id
        ) AS until_amount
    FROM borrowers_payment AS payment
    WHERE payment.loan_id = ANY (%(loans)s)
        AND payment.status = 'cleared' AND payment.reverses_id IS NULL
        AND payment.effective_on <= %(day)s AND payment.booked_at <= %(known)s
        AND NOT EXISTS (
            SELECT FROM borrowers_payment AS reversal
            WHERE reversal.reverses_id = payment.id
                AND reversal.effective_on <= %(day)s AND reversal.booked_at <= %(known)s
        )
        AND NOT EXISTS (  -- a revolving account's statements are settled by what was paid after the first of them
            SELECT FROM borrowers_loan AS loan
            JOIN borrowers_product AS product ON product.id = loan.product_id AND product.kind = 'revolving'
            WHERE loan.id = payment.loan_id
                AND payment.effective_on <= (
                    SELECT min(statement.stated_on) FROM borrowers_statement AS statement
                    WHERE statement.loan_id = loan.id
                        AND statement.stated_on <= %(day)s AND statement.booked_at <= %(known)s
                )
        )
),
share AS (
    SELECT
        line.n, line.turn, received.id AS payment_id, received.until_amount,
        least(line.until_amount, received.until_amount)
            - greatest(line.until_amount - line.amount, received.until_amount - received.amount) AS amount
    FROM line
    JOIN received
        ON received.loan_id = line.loan_id
        AND received.until_amount > line.until_amount - line.amount
        AND received.until_amount - received.amount < line.until_amount
),
settled_by AS (
    SELECT n, turn, json_agg(json_build_array(payment_id, amount::text) ORDER BY until_amount) AS shares
    FROM share
    WHERE amount > 0
    GROUP BY n, turn
)
SELECT
    line.loan_id, line.kind, line.entry_id, line.due_on, line.principal_amount, line.interest_amount, line.fee_amount,
    line.amount - line.unpaid_amount AS paid_amount,
    coalesce(instalment.number, row_number() OVER (PARTITION BY line.n, line.kind ORDER BY line.turn))::integer AS number,
    coalesce(charge.kind, statement.stated_on::text, '') AS label,
    coalesce(schedule.booked_at, charge.booked_at, statement.booked_at) AS booked_at,
    coalesce(settled_by.shares, '[]'::json) AS settled_by
FROM line
LEFT JOIN settled_by ON settled_by.n = line.n AND settled_by.turn = line.turn
LEFT JOIN borrowers_instalment AS instalment ON line.kind = 'instalment' AND instalment.id = line.entry_id
LEFT JOIN borrowers_scheduleversion AS schedule ON schedule.id = instalment.schedule_id
LEFT JOIN borrowers_charge AS charge ON line.kind = 'charge' AND charge.id = line.entry_id
LEFT JOIN borrowers_statement AS statement ON line.kind = 'statement' AND statement.id = line.entry_id
ORDER BY line.n, line.turn
