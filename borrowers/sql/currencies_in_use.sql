-- The currencies of all loans.
--
-- Grain    one row per currency, in order.
-- Cost     one step down loan_currency_idx per currency, however many loans there are.

WITH RECURSIVE used AS (
    SELECT min(currency) AS currency FROM borrowers_loan
    UNION ALL
    SELECT (SELECT min(loan.currency) FROM borrowers_loan AS loan WHERE loan.currency > used.currency)
    FROM used
    WHERE used.currency IS NOT NULL
)
SELECT currency FROM used WHERE currency IS NOT NULL;
