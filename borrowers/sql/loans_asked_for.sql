-- loans_asked_for: the loans that a measure is asked about; NULL asks for all.
--
-- Grain    one row per loan.
-- Cost     none of its own: the planner puts it in line, and conditions on NULL vanish.
-- Rules    A segment is one of the lender's own columns, of the loan or of its borrower, compared as text.

CREATE FUNCTION loans_asked_for(
    only_currency text, only_product bigint, only_team bigint, segment text, segment_value text
)
RETURNS TABLE (
    id bigint,
    currency text,
    borrower_id bigint,
    product_id bigint,
    bookkeeping text,
    approved_on date,
    booked_at timestamptz,
    annual_interest_ratio numeric
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT
        loan.id, loan.currency::text, loan.borrower_id, loan.product_id, loan.bookkeeping::text, loan.approved_on,
        loan.booked_at, loan.annual_interest_ratio
    FROM borrowers_loan AS loan
    WHERE (only_currency IS NULL OR loan.currency = only_currency)
        AND (only_product IS NULL OR loan.product_id = only_product)
        AND (
            only_team IS NULL
            OR loan.borrower_id IN (SELECT borrower.id FROM borrowers_borrower AS borrower WHERE team_id = only_team)
        )
        AND (
            segment IS NULL
            OR loan.attributes ->> segment = segment_value
            OR loan.borrower_id IN (
                SELECT borrower.id FROM borrowers_borrower AS borrower WHERE borrower.attributes ->> segment = segment_value
            )
        )
$$;

COMMENT ON FUNCTION loans_asked_for(text, bigint, bigint, text, text) IS
    'The loans that a measure is asked about, by currency, product, team and segment.';
