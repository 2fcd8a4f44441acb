"""What must always be true of the work."""

from collections.abc import Iterator

from django.db import connection

from creditpath.invariants import invariant


def _lines(sql: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        for (line,) in cursor:
            yield line


@invariant("a recommendation is about a loan of its borrower")
def loans_belong_to_their_borrowers() -> Iterator[str]:
    yield from _lines(
        "SELECT format('recommendation %s: loan %s is of borrower %s, not %s', r.id, r.loan_id, l.borrower_id, r.borrower_id)"
        " FROM recovery_recommendation r JOIN borrowers_loan l ON l.id = r.loan_id WHERE l.borrower_id <> r.borrower_id"
    )


@invariant("a recommended action is one of its eligible ones")
def actions_were_eligible() -> Iterator[str]:
    yield from _lines(
        "SELECT format('recommendation %s: %s was not eligible', id, action) FROM recovery_recommendation"
        " WHERE NOT eligible_actions ? action"
    )


@invariant("probabilities of a decision sum to one, and the assigned action has its own")
def probabilities_sum_to_one() -> Iterator[str]:
    yield from _lines(
        "SELECT format('decision %s: %s', r.id, r.eligible_actions) FROM recovery_recommendation r"
        " CROSS JOIN LATERAL (SELECT sum(value::float) AS total FROM jsonb_each_text(r.eligible_actions)) s"
        " WHERE abs(s.total - 1) > 1e-6 OR abs((r.eligible_actions ->> r.action)::float - r.probability) > 1e-6"
    )


@invariant("a decision is by the line of the policy in force on its day")
def decisions_are_by_the_policy_in_force() -> Iterator[str]:
    yield from _lines(
        "SELECT format('decision %s of %s: policy %s counts from %s until %s', r.id, r.as_of, p.version, p.effective_from,"
        " p.effective_until) FROM recovery_recommendation r JOIN recovery_policy p ON p.id = r.policy_id"
        " LEFT JOIN recovery_policyrule l ON l.id = r.policy_rule_id"
        " WHERE p.state <> 'approved' OR r.as_of < p.effective_from OR r.as_of >= p.effective_until OR l.policy_id <> p.id"
    )


@invariant("a policy is approved by somebody who had no hand in it")
def policies_are_approved_by_another() -> Iterator[str]:
    yield from _lines(
        "SELECT DISTINCT format('policy %s: approved by %s, who %s it', p.version, u.username, e.kind)"
        " FROM recovery_policy p JOIN recovery_policyevent e ON e.policy_id = p.id AND e.by_id = p.approved_by_id"
        " JOIN accounts_user u ON u.id = p.approved_by_id WHERE e.kind IN ('created', 'edited', 'submitted')"
    )


@invariant("what was performed after a decision was a contact with its borrower")
def performed_actions_are_of_their_borrower() -> Iterator[str]:
    yield from _lines(
        "SELECT format('performed action %s: contact with %s, decision about %s', d.id, e.borrower_id, r.borrower_id)"
        " FROM recovery_performedaction d JOIN recovery_recommendation r ON r.id = d.recommendation_id"
        " JOIN borrowers_contactevent e ON e.id = d.contact_event_id WHERE e.borrower_id <> r.borrower_id"
    )


@invariant("a worklist item is of the day of its recommendation")
def items_are_of_their_day() -> Iterator[str]:
    yield from _lines(
        "SELECT format('worklist item %s of %s is for a recommendation of %s', i.id, i.as_of, r.as_of)"
        " FROM recovery_worklistitem i JOIN recovery_recommendation r ON r.id = i.recommendation_id"
        " WHERE i.as_of <> r.as_of"
    )


@invariant("a promise is on a loan of the borrower who was contacted")
def promises_are_of_who_was_contacted() -> Iterator[str]:
    yield from _lines(
        "SELECT format('promise %s is on loan %s, its contact was with borrower %s', p.id, p.loan_id, e.borrower_id)"
        " FROM borrowers_promise p JOIN borrowers_contactevent e ON e.id = p.contact_event_id"
        " JOIN borrowers_loan l ON l.id = p.loan_id WHERE l.borrower_id <> e.borrower_id"
    )


@invariant("a message that was sent is one contact with its exact text, and one attempt")
def sent_messages_are_contacts() -> Iterator[str]:
    yield from _lines(
        "SELECT format('message %s: contact %s, attempt %s', m.id, m.contact_event_id, m.reservation_id)"
        " FROM recovery_outgoingmessage m LEFT JOIN borrowers_contactevent e ON e.id = m.contact_event_id"
        " LEFT JOIN recovery_contactreservation a ON a.id = m.reservation_id"
        " WHERE m.state = 'sent' AND (e.borrower_id <> m.borrower_id OR e.channel <> m.channel OR strpos(e.text_sent, m.text) = 0"
        " OR a.contact_event_id IS DISTINCT FROM m.contact_event_id)"
    )


@invariant("attempts of a person are numbered without gaps")
def attempts_are_numbered() -> Iterator[str]:
    yield from _lines(
        "SELECT format('borrower %s has %s attempts, the last one is number %s', borrower_id, count(*), max(number))"
        " FROM recovery_contactreservation GROUP BY borrower_id HAVING max(number) <> count(*) OR min(number) <> 1"
    )


@invariant("reserved calls stay within their limit unless flagged")
def reserved_calls_stay_within_their_limit() -> Iterator[str]:
    # Attempts that count and were not flagged, in the window that ends on the day of each of them, in the borrower's zone.
    yield from _lines(
        """
        WITH counted AS (
            SELECT a.id, a.borrower_id, a.loan_id, rule.call_limit, rule.call_days,
                (a.reserved_at AT TIME ZONE coalesce(known.name, 'UTC'))::date AS day
            FROM recovery_contactreservation a
            JOIN borrowers_borrower b ON b.id = a.borrower_id
            JOIN recovery_contactrule rule ON rule.id = a.rule_id
            LEFT JOIN recovery_known_time_zone known ON known.name = b.time_zone
            LEFT JOIN borrowers_contactevent event ON event.id = a.contact_event_id
            WHERE a.channel = 'call' AND a.state IN ('reserved', 'performed') AND a.flags = '{}'
                AND rule.call_limit IS NOT NULL AND NOT a.answer ? 'consented' AND event.is_connected IS DISTINCT FROM false
        ),
        windows AS (
            SELECT one.id, one.borrower_id, one.day, one.call_limit, count(*) AS n
            FROM counted one
            JOIN counted other ON other.borrower_id = one.borrower_id
                AND other.day BETWEEN one.day - one.call_days + 1 AND one.day
                AND (other.loan_id IS NULL OR one.loan_id IS NULL OR other.loan_id = one.loan_id)
            WHERE one.loan_id IS NOT NULL OR other.loan_id IS NULL
            GROUP BY one.id, one.borrower_id, one.day, one.call_limit
        )
        SELECT DISTINCT format(
            'borrower %s: %s calls in the window that ends on %s, the limit is %s', borrower_id, n, day, call_limit
        )
        FROM windows WHERE n > call_limit
        """
    )


@invariant("an alert is above the threshold it names")
def alerts_are_above_their_thresholds() -> Iterator[str]:
    yield from _lines(
        "SELECT format('alert %s of %s: %s is not above %s', id, as_of, value, threshold)"
        " FROM recovery_alert WHERE value <= threshold"
    )


@invariant("an alert is of a day that is closed, under way, or over without a close")
def alerts_are_of_days_that_were() -> Iterator[str]:
    yield from _lines(
        "SELECT format('alert %s is of %s, which had not ended when it was told at %s', id, as_of, booked_at) FROM recovery_alert"
        " WHERE as_of > (booked_at AT TIME ZONE 'UTC')::date + 1"
    )


@invariant("a line that was handed over is about the borrower who was")
def handed_lines_moved() -> Iterator[str]:
    yield from _lines(
        "SELECT format('hand-over %s: the line %s of borrower %s is of borrower %s', h.hand_over_id, i.id, h.borrower_id,"
        " r.borrower_id) FROM recovery_handedcase h JOIN recovery_worklistitem i ON i.id = h.worklist_item_id"
        " JOIN recovery_recommendation r ON r.id = i.recommendation_id WHERE r.borrower_id <> h.borrower_id"
    )


@invariant("a day's list that was planned after an absence was entered leaves out who is away")
def absent_agents_have_no_new_cases() -> Iterator[str]:
    yield from _lines(
        "SELECT format('absence %s: agent %s got a case on %s that was decided after it was entered', a.id, a.agent_id, i.as_of)"
        " FROM recovery_absence a LEFT JOIN recovery_absenceend e ON e.absence_id = a.id"
        " JOIN recovery_worklistitem i ON i.agent_id = a.agent_id AND i.as_of BETWEEN a.first_on AND a.last_on"
        " JOIN recovery_recommendation r ON r.id = i.recommendation_id"
        " WHERE r.decided_at > a.booked_at AND i.done_at IS NULL AND (e.works_from IS NULL OR i.as_of < e.works_from)"
    )
