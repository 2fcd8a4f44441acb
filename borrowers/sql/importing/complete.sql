-- What the files leave out, filled in before the checks.
--
-- Grain    all staged rows of the tables named.
-- Cost     each statement runs only where a source leaves the column out, and rewrites that table once.

-- name: number_instalments
-- An instalment without a number counts by its due date. Run only where a mapping has no number.
CREATE TABLE numbered AS
SELECT
    source, file, "row", loan,
    coalesce(number, dense_rank() OVER (PARTITION BY loan ORDER BY due_on))::smallint AS number,
    due_on, principal_amount, interest_amount, fee_amount
FROM staged_instalment;

-- name: drop_unnumbered_instalments
DROP TABLE staged_instalment;

-- name: take_numbered_instalments
ALTER TABLE numbered RENAME TO staged_instalment;

-- name: name_payments
-- A payment without a reference is known by loan, day and amount, and the how-manieth alike it is: the same file again
-- gives the same names. Run only where a mapping has no external_id or cells of it are empty.
CREATE TABLE named AS
SELECT
    source, file, "row",
    coalesce(
        external_id,
        left(loan, 40) || '/' || effective_on || '/' || amount
        || CASE
            WHEN external_id IS NULL
                THEN '/' || row_number() OVER (PARTITION BY external_id, loan, effective_on, amount ORDER BY file, "row")
        END
    ) AS external_id,
    loan, amount, currency, effective_on, booked_at, channel
FROM staged_payment;

-- name: drop_unnamed_payments
DROP TABLE staged_payment;

-- name: take_named_payments
ALTER TABLE named RENAME TO staged_payment;
