-- Every entry of a loan that could settle something, with whether it counts on a day as known at an instant, and if not, why.
--
-- Grain    one row per payment entry of each of %(loans)s, reversals included, newest effective day first.
-- Cost     one index range read per loan.

SELECT
    payment.loan_id, payment.id, payment.external_id, payment.amount, payment.status, payment.channel, payment.effective_on,
    payment.booked_at, payment.reverses_id, payment.reversal_reason,
    CASE
        WHEN payment.booked_at > %(known)s THEN 'not_known_yet'
        WHEN payment.effective_on > %(day)s THEN 'not_effective_yet'
        WHEN payment.status = 'returned' THEN 'returned'
        WHEN payment.status <> 'cleared' THEN
            CASE WHEN EXISTS (
                SELECT FROM borrowers_payment AS next
                WHERE next.follows_id = payment.id AND next.effective_on <= %(day)s AND next.booked_at <= %(known)s
            ) THEN 'moved_on' ELSE 'in_flight' END
        WHEN payment.reverses_id IS NOT NULL THEN 'reversal'
        WHEN EXISTS (
            SELECT FROM borrowers_payment AS reversal
            WHERE reversal.reverses_id = payment.id
                AND reversal.effective_on <= %(day)s AND reversal.booked_at <= %(known)s
        ) THEN 'reversed'
        ELSE 'counts'
    END AS standing
FROM borrowers_payment AS payment
WHERE payment.loan_id = ANY (%(loans)s)
ORDER BY payment.loan_id, payment.effective_on DESC, payment.id DESC
