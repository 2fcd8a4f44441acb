-- keep_schedule_plans: what a schedule asks for, in one row beside it: due days and what is due up to each, in whole cents.
--
-- Grain    one row per schedule version that has instalments, in the order of settlement (due_on, number). Derived and nothing
--          else: the instalments stay the ledger, and `verify` compares.
-- Why      so that a refresh reads one row per loan instead of every instalment, and finds the oldest unpaid one by a binary
--          search in due_cents.
-- Cost     one sort of the new rows per INSERT statement. A schedule whose instalments come in several statements is emptied
--          and made anew from all its instalments.
-- Races    two statements that add to one schedule wait for each other at its row; the second sees the first one's rows.

CREATE FUNCTION make_emptied_plans() RETURNS void
LANGUAGE sql
AS $$
    UPDATE borrowers_scheduleplan AS plan
    SET due_on = whole.due_on, due_cents = whole.due_cents, principal_cents = whole.principal_cents,
        smallest_cents = whole.smallest_cents
    FROM (
        SELECT
            schedule_id,
            array_agg(due_on ORDER BY due_on, number) AS due_on,
            array_agg((due * 100)::bigint ORDER BY due_on, number) AS due_cents,
            array_agg((principal * 100)::bigint ORDER BY due_on, number) AS principal_cents,
            (min(ageing) * 100)::bigint AS smallest_cents
        FROM (
            SELECT
                instalment.schedule_id, instalment.due_on, instalment.number,
                principal_amount + interest_amount AS ageing,
                sum(principal_amount + interest_amount + fee_amount) OVER in_turn AS due,
                sum(principal_amount) OVER in_turn AS principal
            FROM borrowers_scheduleplan AS emptied
            JOIN borrowers_instalment AS instalment ON instalment.schedule_id = emptied.schedule_id
            WHERE emptied.due_on = '{}'
            WINDOW in_turn AS (
                PARTITION BY instalment.schedule_id ORDER BY instalment.due_on, instalment.number
                ROWS UNBOUNDED PRECEDING
            )
        ) AS line
        GROUP BY schedule_id
    ) AS whole
    WHERE whole.schedule_id = plan.schedule_id;
$$;

COMMENT ON FUNCTION make_emptied_plans() IS 'Make the emptied plans anew, each from all instalments of its schedule.';

CREATE FUNCTION keep_schedule_plans() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO borrowers_scheduleplan (schedule_id, due_on, due_cents, principal_cents, smallest_cents)
    SELECT
        schedule_id,
        array_agg(due_on ORDER BY due_on, number),
        array_agg((due * 100)::bigint ORDER BY due_on, number),
        array_agg((principal * 100)::bigint ORDER BY due_on, number),
        (min(ageing) * 100)::bigint
    FROM (
        SELECT
            schedule_id, due_on, number, principal_amount + interest_amount AS ageing,
            sum(principal_amount + interest_amount + fee_amount) OVER in_turn AS due,
            sum(principal_amount) OVER in_turn AS principal
        FROM new_instalment
        WINDOW in_turn AS (PARTITION BY schedule_id ORDER BY due_on, number ROWS UNBOUNDED PRECEDING)
    ) AS line
    GROUP BY schedule_id
    ON CONFLICT (schedule_id) DO UPDATE SET due_on = '{}';
    IF EXISTS (SELECT FROM borrowers_scheduleplan WHERE due_on = '{}') THEN
        PERFORM make_emptied_plans();
    END IF;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION keep_schedule_plans() IS 'Keep in one row what each schedule asks for.';

CREATE TRIGGER schedule_plans_are_kept
    AFTER INSERT ON borrowers_instalment
    REFERENCING NEW TABLE AS new_instalment
    FOR EACH STATEMENT EXECUTE FUNCTION keep_schedule_plans();
