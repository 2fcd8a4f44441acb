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

-- name: ask_for_unnamed
SELECT EXISTS (SELECT FROM staged_{kind} WHERE external_id IS NULL);

-- name: name_rows
-- A row of a {kind} without a number is known by what it says, and the how-manieth alike it is: the same file again gives the
-- same names. Run only where a mapping has no external_id or cells of it are empty.
CREATE TABLE named AS
SELECT
    source, file, "row",
    coalesce(
        external_id,
        {name}
        || CASE
            WHEN external_id IS NULL
                THEN '/' || row_number() OVER (PARTITION BY external_id, {name} ORDER BY file, "row")
        END
    ) AS external_id,
    {others}
FROM staged_{kind};

-- name: drop_unnamed
DROP TABLE staged_{kind};

-- name: take_named
ALTER TABLE named RENAME TO staged_{kind};
