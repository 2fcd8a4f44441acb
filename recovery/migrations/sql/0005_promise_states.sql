-- promise_states: how every promise stands on a day, found from payments and never typed.
--
-- Grain    one row per promise that counts (made_on <= day, booked_at <= known) on the loans of the array, or on all loans.
-- Rules    A promise's window runs from the day it was made to its due day plus 2 days of grace, and ends on the day before
--          the loan's next promise was made: windows of a loan never overlap, so one payment keeps one promise. Counted are
--          cleared payments that stand: effective in the window, not reversed as far as is known; a reversal un-keeps the promise.
--          kept           95 % of the amount came in
--          renegotiated   a newer promise on the loan took its place first
--          open           the window has not ended
--          broken         it has
-- Clocks   entries count if effective_on <= day and booked_at <= known; nothing else is read, so nothing later leaks in.
-- Cost     one index range over payments per promise; linear in promises.

CREATE FUNCTION promise_states(day date, known timestamptz, loans bigint[] DEFAULT NULL)
RETURNS TABLE (
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
            promise.id, promise.loan_id, promise.amount, promise.made_on, promise.due_on,
            lead(promise.made_on) OVER (PARTITION BY promise.loan_id ORDER BY promise.made_on, promise.id) AS replaced_on
        FROM borrowers_promise AS promise
        WHERE promise.made_on <= day
            AND promise.booked_at <= known
            AND (loans IS NULL OR promise.loan_id = ANY (loans))
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
                AND payment.effective_on
                    BETWEEN given.made_on AND least(day, given.due_on + 2, given.replaced_on - 1)
                AND payment.booked_at <= known
                AND NOT EXISTS (
                    SELECT FROM borrowers_payment AS reversal
                    WHERE reversal.reverses_id = payment.id
                        AND reversal.effective_on <= day
                        AND reversal.booked_at <= known
                )
        ) AS received ON true
    )
    SELECT
        counted.id, counted.loan_id, counted.amount, counted.made_on, counted.due_on, counted.paid_amount,
        CASE
            WHEN counted.paid_amount >= 0.95 * counted.amount THEN 'kept'
            WHEN counted.replaced_on <= counted.due_on + 2 THEN 'renegotiated'
            WHEN day <= counted.due_on + 2 THEN 'open'
            ELSE 'broken'
        END
    FROM counted
$$;

COMMENT ON FUNCTION promise_states(date, timestamptz, bigint[]) IS
    'How every promise stands on a day: kept, renegotiated, open or broken.';
