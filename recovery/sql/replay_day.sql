-- What both sides of a replay would have done on one day, by action and currency, written into recovery_replayline.
--
-- Grain    replay_case (temporary) holds one row per borrower and side; a line is one row per side, action and currency. Where an
--          action was wanted and not allowed it counts as blocked under that action, and the case under what took its place.
-- Paid     what the borrower paid on loans of the currency in the 30 days after the day, but for what was taken back, as is known
--          today; NULL until those days have passed, and for loans that are kept by snapshots. It is what was paid, whatever was
--          done: no effect is claimed.
-- Cost     payments of the window of the day's borrowers, and one pass over the cases.

WITH paid AS (
    SELECT
        who.borrower_id, who.currency,
        CASE WHEN bool_or(loan.bookkeeping = 'ledger') THEN coalesce(sum(payment.amount), 0) END AS amount
    FROM (SELECT DISTINCT borrower_id, currency FROM replay_case) AS who
    JOIN borrowers_loan AS loan ON loan.borrower_id = who.borrower_id AND loan.currency = who.currency
    LEFT JOIN borrowers_payment AS payment
        ON payment.loan_id = loan.id
        AND payment.effective_on > %(day)s
        AND payment.effective_on <= %(day)s + 30
        AND payment.reverses_id IS NULL
        AND NOT EXISTS (SELECT FROM borrowers_payment AS reversal WHERE reversal.reverses_id = payment.id)
    WHERE %(is_whole)s
    GROUP BY who.borrower_id, who.currency
),
counted AS (
    SELECT
        decided.side, decided.action, decided.currency, 1 AS cases, 0 AS blocked, decided.minutes, decided.owed_amount,
        paid.amount AS paid_amount
    FROM replay_case AS decided
    LEFT JOIN paid ON paid.borrower_id = decided.borrower_id AND paid.currency = decided.currency
    UNION ALL
    SELECT decided.side, wanted.action, decided.currency, 0, 1, 0, NULL, NULL
    FROM replay_case AS decided
    CROSS JOIN LATERAL unnest(decided.blocked) AS wanted (action)
)
INSERT INTO recovery_replayline (
    replay_id, day, side, action, currency, cases, blocked, minutes, owed_amount, payers, paid_amount
)
SELECT
    %(replay)s, %(day)s, side, action, currency, sum(cases), sum(blocked), sum(minutes), sum(owed_amount),
    CASE WHEN count(paid_amount) > 0 THEN count(*) FILTER (WHERE paid_amount > 0) END, sum(paid_amount)
FROM counted
GROUP BY side, action, currency
