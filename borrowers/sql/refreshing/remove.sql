-- Take out the loans that the day does not know: approved or booked later.
--
-- Grain    one row per loan of %(loans)s, NULL for all. Cost: one join with the loans.

DELETE FROM borrowers_delinquency AS kept
USING borrowers_loan AS loan
WHERE loan.id = kept.loan_id
    AND (loan.approved_on > %(as_of)s::date OR loan.booked_at > %(known_at)s::timestamptz)
    AND (%(loans)s::bigint[] IS NULL OR loan.id = ANY (%(loans)s::bigint[]));
