-- callable: whom a dialler may call now, of the day's recommended calls that were not made yet, the most urgent first.
--
-- Grain    one row per borrower, with the number to dial and until when: the end of the lease, of the hours of contact in every zone
--          where the person may be, or the next time that they called inconvenient, whichever comes first.
-- Cost     some two milliseconds a row that is looked at: the gate answers for each until enough are found.
-- Asks     as_of, instant, lease_until, teams (bigint[] or null), at_most
SELECT
    asked.borrower_id, asked.loan_id, dialled.id, dialled.number,
    least(
        %(lease_until)s,
        (
            SELECT min(((%(instant)s::timestamptz AT TIME ZONE zone.name)::date + edge.at) AT TIME ZONE zone.name)
            FROM unnest(candidate_zones(asked.borrower_id, dialled.id, 'call')) AS zone (name)
            CROSS JOIN LATERAL (
                SELECT coalesce(rule.closes_at, '24:00') AS at FROM recovery_contactrule AS rule
                WHERE rule.id = (gate.answer #>> '{rule,id}')::bigint
                UNION ALL
                SELECT hold.from_time FROM recovery_hold AS hold
                WHERE hold.borrower_id = asked.borrower_id AND hold.kind = 'inconvenient_time' AND hold.lifts_id IS NULL
            ) AS edge
            WHERE (%(instant)s::timestamptz AT TIME ZONE zone.name)::time < edge.at
        )
    ) AS call_until
FROM (
    SELECT decision.id, decision.borrower_id, decision.loan_id, decision.priority, person.jurisdiction
    FROM recovery_recommendation AS decision
    JOIN borrowers_borrower AS person ON person.id = decision.borrower_id
    LEFT JOIN recovery_worklistitem AS item ON item.recommendation_id = decision.id
    WHERE decision.as_of = %(as_of)s
        AND decision.channel = 'call'
        AND item.done_at IS NULL
        AND (%(teams)s::bigint[] IS NULL OR person.team_id = ANY (%(teams)s::bigint[]))
        AND NOT EXISTS (
            SELECT FROM recovery_contactreservation AS held
            WHERE held.borrower_id = person.id AND held.channel = 'call' AND held.state = 'reserved'
                AND held.lease_until > %(instant)s
        )
    ORDER BY decision.priority DESC, decision.id
    OFFSET 0  -- in order before anything dear is asked, so that the limit ends the asking
) AS asked
CROSS JOIN LATERAL (
    SELECT point.id, e164(point.value, asked.jurisdiction) AS number
    FROM borrowers_contactpoint AS point
    WHERE point.borrower_id = asked.borrower_id AND point.kind = 'phone'
        AND e164(point.value, asked.jurisdiction) IS NOT NULL
        AND NOT has_opted_out(point.id, 'call', %(instant)s)
    ORDER BY point.is_preferred DESC, point.verified_on DESC NULLS LAST, point.id
    LIMIT 1
) AS dialled
CROSS JOIN LATERAL (
    SELECT contact_answer(asked.borrower_id, asked.loan_id, 'call', dialled.id, %(instant)s) AS answer OFFSET 0
) AS gate
WHERE (gate.answer ->> 'is_allowed')::boolean
ORDER BY asked.priority DESC, asked.id
LIMIT %(at_most)s
