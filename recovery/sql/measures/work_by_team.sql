-- The day's work of each team.
-- Grain:   one row per team; team is NULL for people without one.
-- Base:    worklist items of the day by their agent's team; contacts and promises of the day by who took them, corrected entries
--          left out.
--          Kept are promises that came due in the last 30 days and were kept, of those kept or broken, by count and by money (NULL
--          where they are of several currencies); without an agent they are of no team.
-- Cost:    three small aggregates by day, and one pass over promises to find those that came due.
-- Leakage: none to speak of: it feeds no model.
WITH work AS (
    SELECT agent.team_id,
           count(*) FILTER (WHERE item.done_at IS NULL) AS n_open,
           count(*) FILTER (WHERE item.done_at IS NOT NULL) AS n_done,
           coalesce(sum(recommendation.expected_minutes) FILTER (WHERE item.done_at IS NULL), 0) AS open_minutes,
           0 AS n_contacts, 0 AS n_promises, 0 AS n_due, 0 AS n_kept, 0::numeric AS due_amount, 0::numeric AS kept_amount,
           NULL::text AS currency
    FROM recovery_worklistitem AS item
    JOIN accounts_user AS agent ON agent.id = item.agent_id
    JOIN recovery_recommendation AS recommendation ON recommendation.id = item.recommendation_id
    WHERE item.as_of = %(day)s
    GROUP BY agent.team_id
    UNION ALL
    SELECT agent.team_id, 0, 0, 0, count(*), count(promise.id), 0, 0, 0, 0, NULL
    FROM borrowers_contactevent AS event
    JOIN accounts_user AS agent ON agent.id = event.agent_id
    LEFT JOIN borrowers_promise AS promise ON promise.contact_event_id = event.id
    LEFT JOIN borrowers_contactevent AS correction ON correction.corrects_id = event.id
    WHERE event.effective_on = %(day)s AND correction.id IS NULL
    GROUP BY agent.team_id
    UNION ALL
    SELECT agent.team_id, 0, 0, 0, 0, 0, count(*), count(*) FILTER (WHERE stands.state = 'kept'), sum(stands.amount),
           coalesce(sum(stands.amount) FILTER (WHERE stands.state = 'kept'), 0), loan.currency
    FROM promise_states(
            %(day)s,
            'infinity',
            ARRAY(SELECT DISTINCT loan_id FROM borrowers_promise WHERE due_on > %(day)s - 30 AND due_on <= %(day)s)
        ) AS stands
    JOIN borrowers_promise AS promise ON promise.id = stands.promise_id
    JOIN borrowers_loan AS loan ON loan.id = stands.loan_id
    LEFT JOIN borrowers_contactevent AS event ON event.id = promise.contact_event_id
    LEFT JOIN accounts_user AS agent ON agent.id = event.agent_id
    WHERE stands.state IN ('kept', 'broken') AND stands.due_on > %(day)s - 30 AND stands.due_on <= %(day)s
    GROUP BY agent.team_id, loan.currency
)
SELECT team.name AS team, sum(n_open) AS n_open, sum(n_done) AS n_done, sum(open_minutes) AS open_minutes,
       sum(n_contacts) AS n_contacts, sum(n_promises) AS n_promises,
       sum(n_kept)::float / nullif(sum(n_due), 0) AS kept_ratio,
       CASE WHEN count(DISTINCT currency) = 1 THEN (sum(kept_amount) / nullif(sum(due_amount), 0))::float END AS kept_money_ratio
FROM work
LEFT JOIN accounts_team AS team ON team.id = work.team_id
WHERE %(team)s::bigint IS NULL OR work.team_id = %(team)s
GROUP BY team.name
ORDER BY team.name NULLS LAST
