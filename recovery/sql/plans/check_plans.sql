-- check_plans: write down what payments made of plans by the close of a day. A plan that has ended is looked at only
-- for payments that came back; it is active again then, and the next close judges it. One statement, linear in the plans that are active or completed.
INSERT INTO recovery_planevent (plan_id, number, state, effective_on, reason)
SELECT
    progress.plan_id, 0, CASE progress.state WHEN 'completed' THEN 'active' ELSE progress.found END, %(day)s,
    CASE
        WHEN progress.state = 'completed' THEN 'A payment came back.'
        WHEN progress.found = 'completed' THEN 'All of it came in.'
        ELSE format('%%s instalments missed, %%s not paid.', progress.n_missed, progress.missed_amount)
    END
FROM plan_progress(%(day)s, %(known)s) AS progress
WHERE (progress.state = 'active' AND progress.found <> 'active')
    OR (
        progress.state = 'completed' AND progress.found <> 'completed'
        AND NOT EXISTS (  -- a plan that was made since stands in its place
            SELECT
            FROM plan_states(%(day)s, 'infinity') AS later
            JOIN recovery_plan AS other ON other.id = later.plan_id
            WHERE other.loan_id = progress.loan_id AND other.id > progress.plan_id
                AND later.state IN ('proposed', 'waiting', 'active')
        )
    )
ORDER BY progress.plan_id
RETURNING state
