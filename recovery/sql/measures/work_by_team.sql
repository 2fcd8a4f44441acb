-- The day's work of each team.
-- Grain:   one row per team; team is NULL for people without one.
-- Base:    worklist items of the day by their agent's team; contacts and promises of the day by who took them, corrected entries
--          left out.
-- Cost:    three small aggregates by day.
-- Leakage: none to speak of: it feeds no model.
WITH work AS (
    SELECT agent.team_id,
           count(*) FILTER (WHERE item.done_at IS NULL) AS n_open,
           count(*) FILTER (WHERE item.done_at IS NOT NULL) AS n_done,
           coalesce(sum(recommendation.expected_minutes) FILTER (WHERE item.done_at IS NULL), 0) AS open_minutes,
           0 AS n_contacts, 0 AS n_promises
    FROM recovery_worklistitem AS item
    JOIN accounts_user AS agent ON agent.id = item.agent_id
    JOIN recovery_recommendation AS recommendation ON recommendation.id = item.recommendation_id
    WHERE item.as_of = %(day)s
    GROUP BY agent.team_id
    UNION ALL
    SELECT agent.team_id, 0, 0, 0, count(*), count(promise.id)
    FROM borrowers_contactevent AS event
    JOIN accounts_user AS agent ON agent.id = event.agent_id
    LEFT JOIN borrowers_promise AS promise ON promise.contact_event_id = event.id
    LEFT JOIN borrowers_contactevent AS correction ON correction.corrects_id = event.id
    WHERE event.effective_on = %(day)s AND correction.id IS NULL
    GROUP BY agent.team_id
)
SELECT team.name AS team, sum(n_open) AS n_open, sum(n_done) AS n_done, sum(open_minutes) AS open_minutes,
       sum(n_contacts) AS n_contacts, sum(n_promises) AS n_promises
FROM work
LEFT JOIN accounts_team AS team ON team.id = work.team_id
WHERE %(team)s::bigint IS NULL OR work.team_id = %(team)s
GROUP BY team.name
ORDER BY team.name NULLS LAST
