-- settled_lines_of: what each due line of a loan asked for and what of it is still open: the derivation of every figure.
--
-- Grain    one row per case (loan, day, known) and line; n is the case's place in the three arrays, turn the line's place in the
--          order of settlement. A line is an instalment of the schedule in force, a charge, or a statement of a revolving
--          account. Loans that are kept by snapshots have none.
-- Clocks   an entry counts if effective_on <= day and booked_at <= known; nothing else of the ledger is read. An instalment has
--          the clocks of its schedule version, a statement the day it was stated and its booked_at.
-- Money    only cleared payments settle, their reversals taken off from their own days. A version restates the whole plan, so
--          that all payments since the beginning settle it. Statements are settled by payments after the first statement.
-- Lines    the highest schedule version that counts; charges that are not waived, each a line of fee alone, due on its day; of
--          one (account, stated_on) the statement known last. A revolving account's charges come with its next statement.
-- Order    oldest due first, of one day instalments before charges. Where unpaid fees do not age a loan (its product says),
--          charges come after all lines due and before those not yet due, so that no charge takes money from an instalment
--          due. Inside a line by the product's order of fees (f), interest (i) and principal (p).
-- Ages     the part that counts as past due: all that remains, or principal and interest where unpaid fees do not age.
-- Cost     index range reads for a few loans, passes and one sort for many (force_custom_plan). Linear in the lines.

CREATE FUNCTION settled_lines_of(loans bigint[], days date[], knowns timestamptz[])
RETURNS TABLE (
    n bigint,
    loan_id bigint,
    as_of date,
    known_at timestamptz,
    turn bigint,
    kind text,
    entry_id bigint,
    due_on date,
    principal_amount numeric,
    interest_amount numeric,
    fee_amount numeric,
    unpaid_principal_amount numeric,
    unpaid_interest_amount numeric,
    unpaid_fee_amount numeric,
    unpaid_amount numeric,
    ageing_amount numeric,
    tolerance_amount numeric
)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100000
SET plan_cache_mode = force_custom_plan
SET work_mem = '64MB'
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH asked AS (
        SELECT
            asked.n, loan.id AS loan_id, asked.as_of, asked.known_at, product.kind = 'revolving' AS is_revolving,
            product.tolerance_amount, product.settlement_order, product.unpaid_fees_age
        FROM unnest(loans, days, knowns) WITH ORDINALITY AS asked (loan_id, as_of, known_at, n)
        JOIN borrowers_loan AS loan
            ON loan.id = asked.loan_id
            AND loan.approved_on <= asked.as_of
            AND loan.booked_at <= asked.known_at
            AND loan.bookkeeping = 'ledger'
        JOIN borrowers_product AS product ON product.id = loan.product_id
    ),
    in_force AS (
        SELECT DISTINCT ON (asked.n) asked.n, schedule.id
        FROM asked
        JOIN borrowers_scheduleversion AS schedule
            ON schedule.loan_id = asked.loan_id
            AND schedule.effective_on <= asked.as_of
            AND schedule.booked_at <= asked.known_at
        WHERE NOT asked.is_revolving
        ORDER BY asked.n, schedule.version DESC
    ),
    stated AS (
        SELECT DISTINCT ON (asked.n, statement.stated_on) asked.n, statement.*
        FROM asked
        JOIN borrowers_statement AS statement
            ON statement.loan_id = asked.loan_id
            AND statement.stated_on <= asked.as_of
            AND statement.booked_at <= asked.known_at
        WHERE asked.is_revolving
        ORDER BY asked.n, statement.stated_on, statement.booked_at DESC, statement.id DESC
    ),
    line AS (
        SELECT
            in_force.n, 'instalment' AS kind, instalment.id AS entry_id, instalment.due_on, instalment.number AS place,
            instalment.principal_amount, instalment.interest_amount, instalment.fee_amount
        FROM in_force
        JOIN borrowers_instalment AS instalment ON instalment.schedule_id = in_force.id
        UNION ALL
        SELECT n, 'statement', id, due_on, stated_on - DATE '1900-01-01', principal_amount, interest_amount, fee_amount
        FROM stated
        UNION ALL
        SELECT asked.n, 'charge', charge.id, charge.effective_on, charge.id, 0, 0, charge.amount
        FROM asked
        JOIN borrowers_charge AS charge
            ON charge.loan_id = asked.loan_id
            AND charge.effective_on <= asked.as_of
            AND charge.booked_at <= asked.known_at
            AND charge.waives_id IS NULL
        LEFT JOIN borrowers_charge AS waiver
            ON waiver.waives_id = charge.id
            AND waiver.effective_on <= asked.as_of
            AND waiver.booked_at <= asked.known_at
        WHERE NOT asked.is_revolving AND waiver.id IS NULL
    ),
    received AS (
        SELECT asked.n, greatest(sum(payment.amount), 0) AS amount
        FROM asked
        LEFT JOIN (SELECT n, min(stated_on) AS stated_on FROM stated GROUP BY n) AS first ON first.n = asked.n
        JOIN borrowers_payment AS payment
            ON payment.loan_id = asked.loan_id
            AND payment.effective_on <= asked.as_of
            AND payment.booked_at <= asked.known_at
            AND payment.status = 'cleared'
        WHERE payment.effective_on > coalesce(first.stated_on, '-infinity')
        GROUP BY asked.n
    ),
    in_turn AS (
        SELECT
            asked.*, line.kind, line.entry_id, line.due_on, line.principal_amount, line.interest_amount, line.fee_amount,
            line.principal_amount + line.interest_amount + line.fee_amount AS amount,
            row_number() OVER settlement AS turn,
            coalesce(received.amount, 0)
                - coalesce(
                    sum(line.principal_amount + line.interest_amount + line.fee_amount)
                        OVER (settlement ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
                    0
                ) AS left_amount
        FROM asked
        JOIN line ON line.n = asked.n
        LEFT JOIN received ON received.n = asked.n
        WINDOW settlement AS (
            PARTITION BY asked.n
            ORDER BY
                CASE
                    WHEN asked.unpaid_fees_age THEN 0
                    WHEN line.kind = 'charge' THEN 1
                    WHEN line.due_on <= asked.as_of THEN 0
                    ELSE 2
                END,
                line.due_on, line.kind = 'charge', line.place
        )
    ),
    poured AS (
        -- What is left for a part after the parts before it.
        SELECT
            in_turn.*,
            left_amount - CASE
                WHEN settlement_order LIKE 'f%' THEN 0
                WHEN settlement_order = 'ifp' THEN interest_amount
                WHEN settlement_order = 'pfi' THEN principal_amount
                ELSE principal_amount + interest_amount
            END AS left_for_fee,
            left_amount - CASE
                WHEN settlement_order LIKE 'i%' THEN 0
                WHEN settlement_order = 'fip' THEN fee_amount
                WHEN settlement_order = 'pif' THEN principal_amount
                ELSE fee_amount + principal_amount
            END AS left_for_interest,
            left_amount - CASE
                WHEN settlement_order LIKE 'p%' THEN 0
                WHEN settlement_order = 'fpi' THEN fee_amount
                WHEN settlement_order = 'ipf' THEN interest_amount
                ELSE fee_amount + interest_amount
            END AS left_for_principal
        FROM in_turn
    ),
    settled AS (
        SELECT
            poured.*,
            principal_amount - least(principal_amount, greatest(left_for_principal, 0)) AS unpaid_principal,
            interest_amount - least(interest_amount, greatest(left_for_interest, 0)) AS unpaid_interest,
            fee_amount - least(fee_amount, greatest(left_for_fee, 0)) AS unpaid_fee
        FROM poured
    )
    SELECT
        n, loan_id, as_of, known_at, turn, kind, entry_id, due_on, principal_amount, interest_amount, fee_amount,
        unpaid_principal, unpaid_interest, unpaid_fee, unpaid_principal + unpaid_interest + unpaid_fee,
        unpaid_principal + unpaid_interest + CASE WHEN unpaid_fees_age THEN unpaid_fee ELSE 0 END, tolerance_amount
    FROM settled;
END
$$;

COMMENT ON FUNCTION settled_lines_of(bigint[], date[], timestamptz[]) IS
    'What each due line asked for and what of it is open, one row per case (loan, day, known) and line.';
