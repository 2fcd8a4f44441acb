-- What people answered to recommendations, and what came of it.
-- Grain:   one row per recommended action, action decided on and reason (of those decided otherwise; empty where accepted).
-- Base:    recommendations of the days from `first` to `day` that somebody answered; the latest answer counts.
-- Outcome: of those whose %(within)s days are over: reached is a contact carried out after the decision that reached the borrower,
--          paid is cleared money, net of reversals, on any of the borrower's loans within %(within)s days.
-- Cost:    one pass over the answers of the days, and two look-ups for each.
-- Leakage: looks ahead by design; it feeds no model.
WITH answered AS (
    SELECT DISTINCT ON (answer.recommendation_id)
        answer.recommendation_id, answer.answer, answer.action, lower(btrim(answer.reason)) AS reason
    FROM recovery_decisionanswer AS answer
    ORDER BY answer.recommendation_id, answer.id DESC
),
told AS (
    SELECT
        recommendation.action AS recommended,
        answered.action AS decided,
        CASE WHEN answered.answer = 'other' THEN answered.reason ELSE '' END AS reason,
        recommendation.as_of + %(within)s <= %(day)s AS is_over,
        EXISTS (
            SELECT
            FROM recovery_performedaction AS performed
            JOIN borrowers_contactevent AS event ON event.id = performed.contact_event_id
            WHERE performed.recommendation_id = recommendation.id AND event.reached_borrower
        ) AS was_reached,
        coalesce((
            SELECT sum(payment.amount)
            FROM borrowers_loan AS loan
            JOIN borrowers_payment AS payment ON payment.loan_id = loan.id
            WHERE loan.borrower_id = recommendation.borrower_id AND payment.status = 'cleared'
                AND payment.effective_on > recommendation.as_of
                AND payment.effective_on <= recommendation.as_of + %(within)s
        ), 0) > 0 AS has_paid
    FROM answered
    JOIN recovery_recommendation AS recommendation ON recommendation.id = answered.recommendation_id
    WHERE recommendation.as_of BETWEEN %(first)s AND %(day)s
)
SELECT
    recommended,
    decided,
    reason,
    count(*) AS n,
    count(*) FILTER (WHERE is_over) AS n_over,
    count(*) FILTER (WHERE is_over AND was_reached) AS n_reached,
    count(*) FILTER (WHERE is_over AND has_paid) AS n_paid
FROM told
GROUP BY recommended, decided, reason
ORDER BY n DESC, recommended, decided, reason
