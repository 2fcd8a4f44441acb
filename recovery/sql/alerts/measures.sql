-- What the rules of alerts measure at the close of a day: one row (value, detail) each, no row where there is too little to say
-- anything. %(day)s is the day, %(known)s what was known then, %(yesterday)s the last day of the calendar that is over.
-- Cost     promises_broken is that of promise_states, roll_rate_jump reads three month ends; the others read what is recent or open.

-- name: promises_broken
SELECT round(100.0 * broken / due, 2), format('%%s of %%s promises that came due in 7 days were broken', broken, due)
FROM (
    SELECT count(*) FILTER (WHERE state = 'broken') AS broken, count(*) AS due
    FROM promise_states(
        %(day)s, %(known)s,
        ARRAY(SELECT DISTINCT loan_id FROM borrowers_promise WHERE due_on BETWEEN %(day)s::date - 21 AND %(day)s::date)
    )
    WHERE state IN ('broken', 'kept') AND due_on > %(day)s::date - 14 AND due_on <= %(day)s::date
) AS found
WHERE due >= 10

-- name: contact_blocks_rising
SELECT round(100.0 * (now - before) / before, 2), format('%%s contacts were refused in 7 days, %%s in the 7 days before', now, before)
FROM (
    SELECT
        count(*) FILTER (WHERE asked_at > %(known)s::timestamptz - interval '7 days') AS now,
        count(*) FILTER (WHERE asked_at <= %(known)s::timestamptz - interval '7 days') AS before
    FROM recovery_contactblock
    WHERE asked_at > %(known)s::timestamptz - interval '14 days' AND asked_at <= %(known)s
) AS found
WHERE now >= 20 AND before > 0

-- name: answers_overdue
SELECT count(*), format(
    '%%s %%s and %%s %%s should have been answered',
    count(*) FILTER (WHERE kind = 'dispute'), CASE count(*) FILTER (WHERE kind = 'dispute') WHEN 1 THEN 'dispute' ELSE 'disputes' END,
    count(*) FILTER (WHERE kind = 'complaint'), CASE count(*) FILTER (WHERE kind = 'complaint') WHEN 1 THEN 'complaint' ELSE 'complaints' END
)
FROM recovery_grievance AS grievance
WHERE answer_due_on < %(day)s::date AND NOT EXISTS (SELECT FROM recovery_grievanceanswer WHERE grievance_id = grievance.id)

-- name: answers_due
SELECT count(*), format('%%s disputes or complaints are to be answered within 3 days', count(*))
FROM recovery_grievance AS grievance
WHERE answer_due_on BETWEEN %(day)s::date AND %(day)s::date + 3
    AND NOT EXISTS (SELECT FROM recovery_grievanceanswer WHERE grievance_id = grievance.id)

-- name: plans_broken
SELECT count(*), format('%%s payment plans were broken in 7 days', count(*))
FROM recovery_planevent
WHERE state = 'defaulted' AND effective_on > %(day)s::date - 7 AND effective_on <= %(day)s::date

-- name: messages_unknown
SELECT count(*), format('%%s messages: nobody knows whether they went out', count(*))
FROM recovery_outgoingmessage
WHERE state = 'unknown'

-- name: work_not_covered
SELECT round(100 * left_over / minutes, 2), format('%%s of %%s hours of work found no room on a list', round(left_over / 60), round(minutes / 60))
FROM (
    SELECT
        sum(recommendation.expected_minutes) AS minutes,
        coalesce(sum(recommendation.expected_minutes) FILTER (WHERE item.id IS NULL), 0) AS left_over
    FROM recovery_recommendation AS recommendation
    LEFT JOIN recovery_worklistitem AS item ON item.recommendation_id = recommendation.id
    WHERE recommendation.as_of = %(day)s::date AND recommendation.action NOT IN ('no_action', 'legal_review')
) AS found
WHERE minutes > 0

-- name: roll_rate_jump
-- By count, so that currencies are not added: of the loans 1-30 days late at a month end, those more than 30 days late, written off
-- or sold at the next one. Told once per month end.
SELECT round(100 * (later.rate - earlier.rate), 2), format(
    'of loans 1-30 days late %%s%%%% rolled on in the month to %%s, %%s%%%% in the month before',
    round(100 * later.rate, 1), later.until, round(100 * earlier.rate, 1)
)
FROM (
    SELECT array_agg(as_of ORDER BY as_of DESC) AS ends
    FROM (
        SELECT DISTINCT month.as_of
        FROM generate_series(1, 4) AS back (number)
        CROSS JOIN LATERAL (
            SELECT (date_trunc('month', %(day)s::date + 1) - make_interval(months => number - 1) - interval '1 day')::date AS as_of
        ) AS month
        WHERE month.as_of <= %(day)s::date
            AND EXISTS (SELECT FROM borrowers_monthendsnapshot WHERE as_of = month.as_of)
        ORDER BY month.as_of DESC
        LIMIT 3
    ) AS found
) AS kept
CROSS JOIN LATERAL (
    SELECT kept.ends[1] AS until, avg((after.days_past_due > 30 OR after.bucket IN ('written_off', 'sold'))::int) AS rate, count(*) AS n
    FROM borrowers_monthendsnapshot AS before
    JOIN borrowers_monthendsnapshot AS after ON after.loan_id = before.loan_id AND after.as_of = kept.ends[1]
    WHERE before.as_of = kept.ends[2] AND before.days_past_due BETWEEN 1 AND 30
) AS later
CROSS JOIN LATERAL (
    SELECT avg((after.days_past_due > 30 OR after.bucket IN ('written_off', 'sold'))::int) AS rate, count(*) AS n
    FROM borrowers_monthendsnapshot AS before
    JOIN borrowers_monthendsnapshot AS after ON after.loan_id = before.loan_id AND after.as_of = kept.ends[2]
    WHERE before.as_of = kept.ends[3] AND before.days_past_due BETWEEN 1 AND 30
) AS earlier
WHERE cardinality(kept.ends) = 3 AND later.n >= 30 AND earlier.n >= 30
    AND NOT EXISTS (
        SELECT
        FROM recovery_alert AS told
        JOIN recovery_alertrule AS rule ON rule.id = told.rule_id AND rule.name = 'roll_rate_jump'
        WHERE told.as_of >= kept.ends[1] AND told.as_of < %(day)s::date
    )

-- name: day_not_closed
SELECT greatest(late.days, caught_up.days), CASE
    WHEN late.days > 0 THEN format('the books stand at %%s: %%s days are over and not closed', late.stands_at, late.days)
    ELSE format('%%s days were closed late', caught_up.days)
END
FROM (
    SELECT day AS stands_at, CASE WHEN is_frozen THEN 0 ELSE greatest(%(yesterday)s::date - day, 0) END AS days
    FROM borrowers_businessdate
) AS late
CROSS JOIN (
    SELECT count(*) AS days
    FROM borrowers_dayclose AS close
    WHERE close.is_catch_up AND close.day < %(day)s::date
        AND close.day > (
            SELECT coalesce(max(day), '-infinity') FROM borrowers_dayclose WHERE NOT is_catch_up AND day < %(day)s::date
        )
) AS caught_up

-- name: scores_stale
SELECT round(100.0 * stale.n / owing.n, 2), format('%%s of %%s loans wait for a fresh score', stale.n, owing.n)
FROM (SELECT count(*) AS n FROM scoring_staleloan) AS stale
CROSS JOIN (SELECT count(*) AS n FROM borrowers_delinquency WHERE is_owing(bucket)) AS owing
WHERE owing.n > 0
