-- Mark the loans whose books changed, and the borrower's other loans that still owe: features look at those too.
--
-- Grain    one mark per loan; a loan that is marked again gets a new instant, so that whoever re-scored it meanwhile can tell.
-- Cost     index lookups by loan and borrower. Marks are written in the order of loan ids, so that none waits in a circle.

INSERT INTO scoring_staleloan (loan_id, marked_at)
SELECT touched.loan_id, clock_timestamp()
FROM (
    SELECT loan.id AS loan_id
    FROM borrowers_loan AS loan
    WHERE loan.id = ANY (%(loans)s::bigint[])
    UNION
    SELECT other.id
    FROM borrowers_loan AS loan
    JOIN borrowers_loan AS other ON other.borrower_id = loan.borrower_id
    JOIN borrowers_delinquency AS delinquency ON delinquency.loan_id = other.id
    WHERE loan.id = ANY (%(loans)s::bigint[]) AND is_owing(delinquency.bucket)
) AS touched
ORDER BY touched.loan_id
ON CONFLICT (loan_id) DO UPDATE SET marked_at = excluded.marked_at
RETURNING loan_id
