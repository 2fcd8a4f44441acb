-- What of the work is evidence: the rows of each source, with their facts and their personal texts.
--
-- Columns  id, borrower_id, happened_at, is_activity (of collecting: what the retention clock runs from), facts, texts.
-- A fact is what must never change; texts are what people wrote or were sent, which an erasure takes out. Facts are written in
-- one way only: money as text, instants in UTC, so that the same row gives the same digest on every server. A column that
-- comes later is a fact of a new source, "contact/2", for rows from then on: what was sealed as "contact" stays provable.
-- Rows that move on are split: "attempt" and "message" are what was asked for, their "-end" is what came of it, once final.
-- Payments and schedules are not here: the ledger keeps them, append-only, and a pack quotes it.

-- name: contact
SELECT
    id, borrower_id, happened_at, true,
    jsonb_build_object(
        'loan_id', loan_id, 'agent_id', agent_id, 'external_id', external_id, 'channel', channel, 'outcome', outcome,
        'reached_borrower', reached_borrower, 'contact_point_id', contact_point_id, 'is_connected', is_connected,
        'talk_minutes', talk_minutes::text, 'wrap_up_minutes', wrap_up_minutes::text, 'follow_up_on', follow_up_on,
        'effective_on', effective_on, 'happened_at', utc_text(happened_at), 'booked_at', utc_text(booked_at),
        'corrects_id', corrects_id
    ),
    kept_texts(jsonb_build_object('note', nullif(note, ''), 'text_sent', nullif(text_sent, '')))
FROM borrowers_contactevent

-- name: attempt
SELECT
    id, borrower_id, reserved_at, true,
    jsonb_build_object(
        'number', number, 'loan_id', loan_id, 'channel', channel, 'contact_point_id', contact_point_id, 'purpose', purpose,
        'agent_id', agent_id, 'rule_id', rule_id, 'consent_id', consent_id, 'answer', answer::text,
        'reserved_at', utc_text(reserved_at), 'booked_at', utc_text(booked_at)
    ),
    NULL::jsonb
FROM recovery_contactreservation

-- name: attempt-end
SELECT
    id, borrower_id, ended_at, true,
    jsonb_build_object(
        'state', state, 'contact_event_id', contact_event_id, 'flags', array_to_string(flags, ' '), 'ended_at', utc_text(ended_at)
    ),
    NULL::jsonb
FROM recovery_contactreservation
WHERE state = 'performed' AND contact_event_id IS NOT NULL

-- name: block
SELECT
    id, borrower_id, asked_at, false,
    jsonb_build_object(
        'loan_id', loan_id, 'channel', channel, 'contact_point_id', contact_point_id, 'purpose', purpose, 'agent_id', agent_id,
        'reservation_id', reservation_id, 'rule_id', rule_id, 'answer', answer::text, 'asked_at', utc_text(asked_at)
    ),
    NULL::jsonb
FROM recovery_contactblock

-- name: consent
SELECT
    consent.id, point.borrower_id, consent.happened_at, false,
    jsonb_build_object(
        'contact_point_id', contact_point_id, 'channel', channel, 'is_given', is_given, 'source', source, 'wording', wording,
        'happened_at', utc_text(happened_at), 'booked_at', utc_text(booked_at), 'recorded_by_id', recorded_by_id
    ),
    NULL::jsonb
FROM borrowers_consent AS consent
JOIN borrowers_contactpoint AS point ON point.id = consent.contact_point_id

-- name: hold
SELECT
    id, borrower_id, booked_at, false,
    jsonb_build_object(
        'loan_id', loan_id, 'kind', kind, 'channel', channel, 'contact_point_id', contact_point_id, 'from_time', from_time,
        'until_time', until_time, 'starts_on', starts_on, 'ends_on', ends_on, 'lifts_id', lifts_id,
        'contact_event_id', contact_event_id, 'grievance_id', grievance_id, 'set_by_id', set_by_id,
        'booked_at', utc_text(booked_at)
    ),
    kept_texts(jsonb_build_object('reason', nullif(reason, '')))
FROM recovery_hold

-- name: notice
SELECT
    id, borrower_id, booked_at, true,
    jsonb_build_object(
        'loan_id', loan_id, 'channel', channel, 'sent_on', sent_on, 'recorded_by_id', recorded_by_id,
        'booked_at', utc_text(booked_at)
    ),
    kept_texts(jsonb_build_object('text', nullif(text, '')))
FROM recovery_validationnotice

-- name: message
SELECT
    id, borrower_id, queued_at, false,
    jsonb_build_object(
        'loan_id', loan_id, 'contact_point_id', contact_point_id, 'channel', channel, 'purpose', purpose,
        'template_id', template_id, 'recommendation_id', recommendation_id, 'after_payment', after_payment,
        'queued_by_id', queued_by_id, 'queued_at', utc_text(queued_at), 'not_before', utc_text(not_before)
    ),
    kept_texts(
        jsonb_build_object('to_address', nullif(to_address, ''), 'subject', nullif(subject, ''), 'text', nullif(text, ''))
    )
FROM recovery_outgoingmessage

-- name: message-end
SELECT
    id, borrower_id, ended_at, state = 'sent',
    jsonb_build_object(
        'state', state, 'reservation_id', reservation_id, 'sending_at', utc_text(sending_at), 'ended_at', utc_text(ended_at),
        'provider_reference', provider_reference, 'reason_code', reason_code, 'contact_event_id', contact_event_id,
        'resolved_by_id', resolved_by_id
    ),
    NULL::jsonb
FROM recovery_outgoingmessage
WHERE state IN ('sent', 'failed', 'refused', 'cancelled')

-- name: incoming
SELECT
    id, borrower_id, received_at, false,
    jsonb_build_object(
        'message_id', message_id, 'n_opted_out', n_opted_out, 'body_sha256', body_sha256, 'received_at', utc_text(received_at)
    ),
    kept_texts(jsonb_build_object('sender', nullif(sender, ''), 'text', nullif(text, '')))
FROM recovery_inboundmessage
WHERE borrower_id IS NOT NULL

-- name: identity
SELECT
    id, borrower_id, checked_at, false,
    jsonb_build_object(
        'agent_id', agent_id, 'facts', array_to_string(facts, ' '), 'wrong', array_to_string(wrong, ' '),
        'is_passed', is_passed, 'disclosure', disclosure, 'contact_event_id', contact_event_id,
        'checked_at', utc_text(checked_at)
    ),
    kept_texts(jsonb_build_object('number', nullif(number, '')))
FROM recovery_identitycheck

-- name: call-back
SELECT
    id, borrower_id, due_at, false,
    jsonb_build_object(
        'contact_event_id', contact_event_id, 'agent_id', agent_id, 'due_at', utc_text(due_at), 'time_zone', time_zone
    ),
    NULL::jsonb
FROM recovery_callback

-- name: promise
SELECT
    promise.id, loan.borrower_id, promise.booked_at, true,
    jsonb_build_object(
        'loan_id', loan_id, 'contact_event_id', contact_event_id, 'external_id', promise.external_id, 'amount', amount::text,
        'made_on', made_on, 'due_on', due_on, 'booked_at', utc_text(promise.booked_at)
    ),
    NULL::jsonb
FROM borrowers_promise AS promise
JOIN borrowers_loan AS loan ON loan.id = promise.loan_id

-- name: loan-event
SELECT
    event.id, loan.borrower_id, event.booked_at, false,
    jsonb_build_object(
        'loan_id', loan_id, 'external_id', event.external_id, 'kind', kind, 'amount', amount::text,
        'counterparty', counterparty, 'effective_on', effective_on, 'revokes_id', revokes_id,
        'recorded_by_id', recorded_by_id, 'booked_at', utc_text(event.booked_at)
    ),
    kept_texts(jsonb_build_object('note', nullif(note, '')))
FROM borrowers_loanevent AS event
JOIN borrowers_loan AS loan ON loan.id = event.loan_id

-- name: grievance
SELECT
    id, borrower_id, booked_at, false,
    jsonb_build_object(
        'loan_id', loan_id, 'kind', kind, 'subject', subject, 'channel', channel, 'received_on', received_on,
        'answer_due_on', answer_due_on, 'contact_event_id', contact_event_id, 'recorded_by_id', recorded_by_id,
        'booked_at', utc_text(booked_at)
    ),
    kept_texts(jsonb_build_object('text', nullif(text, '')))
FROM recovery_grievance

-- name: grievance-answer
SELECT
    answer.id, grievance.borrower_id, answer.booked_at, false,
    jsonb_build_object(
        'grievance_id', grievance_id, 'outcome', outcome, 'redress_amount', redress_amount::text, 'answered_on', answered_on,
        'answered_by_id', answered_by_id, 'booked_at', utc_text(answer.booked_at)
    ),
    kept_texts(jsonb_build_object('text', nullif(answer.text, ''), 'cause', nullif(cause, '')))
FROM recovery_grievanceanswer AS answer
JOIN recovery_grievance AS grievance ON grievance.id = answer.grievance_id

-- name: plan
SELECT
    plan.id, loan.borrower_id, plan.booked_at, true,
    jsonb_build_object(
        'loan_id', loan_id, 'kind', kind, 'frequency', frequency, 'currency', plan.currency,
        'owed_amount', owed_amount::text, 'agreed_amount', agreed_amount::text, 'monthly_amount', monthly_amount::text,
        'disposable_amount', disposable_amount::text, 'starts_on', starts_on, 'ends_on', ends_on,
        'instalments', (
            SELECT string_agg(concat_ws(' ', due_on, amount), ', ' ORDER BY number)
            FROM recovery_planinstalment WHERE plan_id = plan.id
        ),
        'proposed_by_id', proposed_by_id, 'booked_at', utc_text(plan.booked_at)
    ),
    kept_texts(jsonb_build_object('reason', nullif(reason, '')))
FROM recovery_plan AS plan
JOIN borrowers_loan AS loan ON loan.id = plan.loan_id

-- name: plan-event
SELECT
    event.id, loan.borrower_id, event.booked_at, true,
    jsonb_build_object(
        'plan_id', plan_id, 'number', event.number, 'state', state, 'effective_on', effective_on, 'by_id', by_id,
        'booked_at', utc_text(event.booked_at)
    ),
    kept_texts(jsonb_build_object('reason', nullif(event.reason, '')))
FROM recovery_planevent AS event
JOIN recovery_plan AS plan ON plan.id = event.plan_id
JOIN borrowers_loan AS loan ON loan.id = plan.loan_id

-- name: proposal
SELECT
    proposal.id, loan.borrower_id, proposal.booked_at, false,
    jsonb_build_object(
        'loan_id', loan_id, 'kind', kind, 'amount', amount::text, 'counterparty', counterparty,
        'proposed_by_id', proposed_by_id, 'booked_at', utc_text(proposal.booked_at)
    ),
    kept_texts(jsonb_build_object('reason', nullif(reason, '')))
FROM recovery_loanproposal AS proposal
JOIN borrowers_loan AS loan ON loan.id = proposal.loan_id

-- name: proposal-decision
SELECT
    decision.id, loan.borrower_id, decision.booked_at, false,
    jsonb_build_object(
        'proposal_id', proposal_id, 'is_approved', is_approved, 'decided_by_id', decided_by_id,
        'loan_event_id', loan_event_id, 'booked_at', utc_text(decision.booked_at)
    ),
    kept_texts(jsonb_build_object('reason', nullif(decision.reason, '')))
FROM recovery_loanproposaldecision AS decision
JOIN recovery_loanproposal AS proposal ON proposal.id = decision.proposal_id
JOIN borrowers_loan AS loan ON loan.id = proposal.loan_id

-- name: care
SELECT
    id, borrower_id, booked_at, false,
    jsonb_build_object(
        'category', category, 'review_on', review_on, 'hold_id', hold_id, 'opened_by_id', opened_by_id,
        'booked_at', utc_text(booked_at)
    ),
    kept_texts(jsonb_build_object('details', nullif(details, '')))
FROM recovery_carerecord

-- name: care-decision
SELECT
    decision.id, record.borrower_id, decision.booked_at, false,
    jsonb_build_object(
        'record_id', record_id, 'outcome', outcome, 'review_on', decision.review_on, 'decided_by_id', decided_by_id,
        'booked_at', utc_text(decision.booked_at)
    ),
    kept_texts(jsonb_build_object('reason', nullif(reason, '')))
FROM recovery_caredecision AS decision
JOIN recovery_carerecord AS record ON record.id = decision.record_id

-- name: decision-answer
SELECT
    answer.id, decision.borrower_id, answer.answered_at, false,
    jsonb_build_object(
        'recommendation_id', recommendation_id, 'as_of', as_of, 'recommended', decision.action, 'policy_id', policy_id,
        'answer', answer, 'action', answer.action, 'answered_by_id', answered_by_id, 'answered_at', utc_text(answered_at)
    ),
    kept_texts(jsonb_build_object('reason', nullif(reason, '')))
FROM recovery_decisionanswer AS answer
JOIN recovery_recommendation AS decision ON decision.id = answer.recommendation_id

-- name: action
SELECT
    performed.id, decision.borrower_id, performed.booked_at, false,
    jsonb_build_object(
        'recommendation_id', recommendation_id, 'as_of', as_of, 'recommended', decision.action, 'policy_id', policy_id,
        'contact_event_id', contact_event_id, 'action', performed.action, 'is_as_assigned', is_as_assigned,
        'booked_at', utc_text(performed.booked_at)
    ),
    NULL::jsonb
FROM recovery_performedaction AS performed
JOIN recovery_recommendation AS decision ON decision.id = performed.recommendation_id

-- name: page-check
SELECT
    id, borrower_id, checked_at, false,
    jsonb_build_object('facts', facts::text, 'is_passed', is_passed, 'checked_at', utc_text(checked_at)),
    NULL::jsonb
FROM recovery_pagecheck

-- name: payment-intent
SELECT
    intent.id, loan.borrower_id, intent.made_at, false,
    jsonb_build_object(
        'loan_id', loan_id, 'amount', amount::text, 'currency', intent.currency, 'reference', reference,
        'made_at', utc_text(made_at)
    ),
    NULL::jsonb
FROM recovery_paymentintent AS intent
JOIN borrowers_loan AS loan ON loan.id = intent.loan_id

-- name: handed-case
SELECT
    handed.id, handed.borrower_id, hand_over.booked_at, false,
    jsonb_build_object(
        'from_agent_id', from_agent_id, 'agent_id', agent_id, 'from_on', from_on, 'until_on', until_on,
        'handed_over_by_id', handed_over_by_id, 'booked_at', utc_text(booked_at)
    ),
    NULL::jsonb
FROM recovery_handedcase AS handed
JOIN recovery_handover AS hand_over ON hand_over.id = handed.hand_over_id

-- name: legal-hold
SELECT
    id, borrower_id, booked_at, false,
    jsonb_build_object('lifts_id', lifts_id, 'reason', reason, 'set_by_id', set_by_id, 'booked_at', utc_text(booked_at)),
    NULL::jsonb
FROM recovery_legalhold

-- name: erasure-request
SELECT
    id, borrower_id, booked_at, false,
    jsonb_build_object(
        'origin', origin, 'received_on', received_on, 'note', note, 'requested_by_id', requested_by_id,
        'booked_at', utc_text(booked_at)
    ),
    NULL::jsonb
FROM recovery_erasurerequest

-- name: erasure
SELECT
    decision.id, request.borrower_id, decision.booked_at, false,
    jsonb_build_object(
        'request_id', request_id, 'is_approved', is_approved, 'reason', reason, 'through_number', through_number,
        'decided_by_id', decided_by_id, 'booked_at', utc_text(decision.booked_at)
    ),
    NULL::jsonb
FROM recovery_erasuredecision AS decision
JOIN recovery_erasurerequest AS request ON request.id = decision.request_id
