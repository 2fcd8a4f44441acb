-- Every new row that is evidence waits for its seal, whoever writes it, by whatever way; rows that move on wait once they are final.
-- Fires once per statement: one short row per row. What is there already waits from the beginning.

CREATE FUNCTION queue_evidence() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO recovery_unsealedevidence (source, source_id) SELECT TG_ARGV[0], id FROM new_rows ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE FUNCTION queue_ended_attempts() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO recovery_unsealedevidence (source, source_id)
    SELECT 'attempt-end', id FROM new_rows WHERE state = 'performed' AND contact_event_id IS NOT NULL
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE FUNCTION queue_ended_messages() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO recovery_unsealedevidence (source, source_id)
    SELECT 'message-end', new_row.id
    FROM new_rows AS new_row
    JOIN old_rows AS old_row ON old_row.id = new_row.id AND old_row.state <> new_row.state
    WHERE new_row.state IN ('sent', 'failed', 'refused', 'cancelled')
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER ended_attempts_are_evidence AFTER UPDATE ON recovery_contactreservation
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION queue_ended_attempts();
-- A contact that nobody had reserved comes as an attempt that was made.
CREATE TRIGGER made_attempts_are_evidence AFTER INSERT ON recovery_contactreservation
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION queue_ended_attempts();
CREATE TRIGGER ended_messages_are_evidence AFTER UPDATE ON recovery_outgoingmessage
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION queue_ended_messages();

INSERT INTO recovery_unsealedevidence (source, source_id)
SELECT 'attempt-end', id FROM recovery_contactreservation WHERE state = 'performed' AND contact_event_id IS NOT NULL
UNION ALL
SELECT 'message-end', id FROM recovery_outgoingmessage WHERE state IN ('sent', 'failed', 'refused', 'cancelled');

DO $$
DECLARE
    line record;
BEGIN
    FOR line IN
        VALUES
            ('contact', 'borrowers_contactevent', NULL),
            ('attempt', 'recovery_contactreservation', NULL),
            ('block', 'recovery_contactblock', NULL),
            ('consent', 'borrowers_consent', NULL),
            ('hold', 'recovery_hold', NULL),
            ('notice', 'recovery_validationnotice', NULL),
            ('message', 'recovery_outgoingmessage', NULL),
            ('incoming', 'recovery_inboundmessage', 'borrower_id IS NOT NULL'),
            ('identity', 'recovery_identitycheck', NULL),
            ('call-back', 'recovery_callback', NULL),
            ('promise', 'borrowers_promise', NULL),
            ('loan-event', 'borrowers_loanevent', NULL),
            ('grievance', 'recovery_grievance', NULL),
            ('grievance-answer', 'recovery_grievanceanswer', NULL),
            ('plan', 'recovery_plan', NULL),
            ('plan-event', 'recovery_planevent', NULL),
            ('proposal', 'recovery_loanproposal', NULL),
            ('proposal-decision', 'recovery_loanproposaldecision', NULL),
            ('care', 'recovery_carerecord', NULL),
            ('care-decision', 'recovery_caredecision', NULL),
            ('decision-answer', 'recovery_decisionanswer', NULL),
            ('action', 'recovery_performedaction', NULL),
            ('page-check', 'recovery_pagecheck', NULL),
            ('payment-intent', 'recovery_paymentintent', NULL),
            ('handed-case', 'recovery_handedcase', NULL),
            ('legal-hold', 'recovery_legalhold', NULL),
            ('erasure-request', 'recovery_erasurerequest', NULL),
            ('erasure', 'recovery_erasuredecision', NULL)
    LOOP
        EXECUTE format(
            'CREATE TRIGGER new_rows_are_evidence AFTER INSERT ON %I
                REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION queue_evidence(%L)',
            line.column2, line.column1
        );
        EXECUTE format(
            'INSERT INTO recovery_unsealedevidence (source, source_id) SELECT %L, id FROM %I WHERE %s',
            line.column1, line.column2, coalesce(line.column3, 'true')
        );
    END LOOP;
END
$$;
