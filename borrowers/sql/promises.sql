-- promises_of: how the promises of loans stand, found from payments and never typed.
--
-- Grain    one row per case (loan, day, known) of the three arrays, which run side by side, and promise of its loan that counts
--          then (made_on <= day, booked_at <= known).
-- Rules    Days of grace and the share that keeps a promise are borrowers_promiserule's of the day on which it was made.
--          A promise's window runs from the day it was made to its due day plus the grace, and ends on the day before the loan's next
--          promise was made: windows of a loan never overlap, so one payment keeps one promise. Counted are cleared
--          payments that stand: effective in the window, not reversed as far as is known; a reversal un-keeps the promise.
--          kept           enough of the amount came in
--          renegotiated   a newer promise on the loan took its place first
--          open           the window has not ended
--          broken         it has
-- Clocks   entries count if effective_on <= day and booked_at <= known; nothing else is read, so nothing later leaks in.
-- Cost     one index range over promises per case and over payments per promise.

CREATE FUNCTION promises_of(loans bigint[], days date[], knowns timestamptz[])
RETURNS TABLE (
    n bigint,
    day date,
    promise_id bigint,
    loan_id bigint,
    amount numeric,
    made_on date,
    due_on date,
    paid_amount numeric,
    state text
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    WITH given AS (
        SELECT
            asked.n, asked.day, asked.known, promise.id, promise.loan_id, promise.amount, promise.made_on, promise.due_on,
            promise.due_on + rule.grace_days AS last_on, rule.kept_ratio,
            lead(promise.made_on) OVER (PARTITION BY asked.n ORDER BY promise.made_on, promise.id) AS replaced_on
        FROM unnest(loans, days, knowns) WITH ORDINALITY AS asked (loan_id, day, known, n)
        JOIN borrowers_promise AS promise
            ON promise.loan_id = asked.loan_id AND promise.made_on <= asked.day AND promise.booked_at <= asked.known
        CROSS JOIN LATERAL (
            SELECT grace_days, kept_ratio
            FROM borrowers_promiserule
            WHERE effective_from <= promise.made_on
            ORDER BY effective_from DESC
            LIMIT 1
        ) AS rule
    ),
    counted AS (
        SELECT given.*, coalesce(received.amount, 0) AS paid_amount
        FROM given
        LEFT JOIN LATERAL (
            SELECT sum(payment.amount) AS amount
            FROM borrowers_payment AS payment
            WHERE payment.loan_id = given.loan_id
                AND payment.status = 'cleared'
                AND payment.reverses_id IS NULL
                AND payment.effective_on BETWEEN given.made_on AND least(given.day, given.last_on, given.replaced_on - 1)
                AND payment.booked_at <= given.known
                AND NOT EXISTS (
                    SELECT FROM borrowers_payment AS reversal
                    WHERE reversal.reverses_id = payment.id
                        AND reversal.effective_on <= given.day
                        AND reversal.booked_at <= given.known
                )
        ) AS received ON true
    )
    SELECT
        counted.n, counted.day, counted.id, counted.loan_id, counted.amount, counted.made_on, counted.due_on, counted.paid_amount,
        CASE
            WHEN counted.paid_amount >= counted.kept_ratio * counted.amount THEN 'kept'
            WHEN counted.replaced_on <= counted.last_on THEN 'renegotiated'
            WHEN counted.day <= counted.last_on THEN 'open'
            ELSE 'broken'
        END
    FROM counted
$$;

COMMENT ON FUNCTION promises_of(bigint[], date[], timestamptz[]) IS
    'How promises stand as of a day, as known: kept, renegotiated, open or broken.';
