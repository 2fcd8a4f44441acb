-- promise_states: how every promise stands on one day; of all loans, or of those of the array. The rule itself is promises_of.
--
-- Grain    one row per promise that counts (made_on <= day, booked_at <= known).
-- Cost     that of promises_of, and a pass over the promises to name their loans.

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
    SELECT found.promise_id, found.loan_id, found.amount, found.made_on, found.due_on, found.paid_amount, found.state
    FROM (
        SELECT coalesce(array_agg(DISTINCT promise.loan_id), '{}') AS ids
        FROM borrowers_promise AS promise
        WHERE promise.made_on <= day AND (loans IS NULL OR promise.loan_id = ANY (loans))
    ) AS asked
    CROSS JOIN LATERAL promises_of(
        asked.ids,
        array_fill(day, ARRAY[cardinality(asked.ids)]),
        array_fill(known, ARRAY[cardinality(asked.ids)])
    ) AS found
$$;

COMMENT ON FUNCTION promise_states(date, timestamptz, bigint[]) IS
    'How every promise stands on a day: kept, renegotiated, open or broken.';
