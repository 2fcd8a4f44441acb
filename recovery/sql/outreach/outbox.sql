-- Templates that were published stay as they are; a message in the outbox keeps its text and moves on, never back.

CREATE FUNCTION guard_message_template() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF OLD.published_at IS NOT NULL
        AND (
            TG_OP = 'DELETE'
            OR (to_jsonb(NEW) - 'retired_at') <> (to_jsonb(OLD) - 'retired_at')
            OR OLD.retired_at IS NOT NULL AND NEW.retired_at IS DISTINCT FROM OLD.retired_at
        )
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation', CONSTRAINT = 'published_template_is_kept', TABLE = TG_TABLE_NAME,
            MESSAGE = format('template %s was published: write a new version', OLD.id);
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;

CREATE TRIGGER published_templates_are_kept BEFORE UPDATE OR DELETE ON recovery_messagetemplate
    FOR EACH ROW EXECUTE FUNCTION guard_message_template();

CREATE TRIGGER recovery_messagetemplate_is_kept BEFORE TRUNCATE ON recovery_messagetemplate
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION guard_new_message() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    sentence text;
BEGIN
    IF NEW.state <> 'queued' THEN
        sentence := 'message_begins_queued';
    ELSIF NOT EXISTS (
        SELECT FROM borrowers_contactpoint
        WHERE id = NEW.contact_point_id AND borrower_id = NEW.borrower_id
            AND kind = CASE NEW.channel WHEN 'sms' THEN 'phone' ELSE 'email' END
    ) THEN
        sentence := 'message_goes_to_a_contact_point_of_the_person';
    ELSIF NEW.loan_id IS NOT NULL AND NOT is_party_to(NEW.borrower_id, NEW.loan_id, NULL) THEN
        sentence := 'message_is_about_a_debt_of_the_person';
    ELSIF NOT EXISTS (
        SELECT FROM recovery_messagetemplate
        WHERE id = NEW.template_id AND published_at IS NOT NULL AND channel = NEW.channel AND purpose = NEW.purpose
    ) THEN
        sentence := 'message_is_from_a_published_template';
    END IF;
    IF sentence IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation', CONSTRAINT = sentence, TABLE = TG_TABLE_NAME,
            MESSAGE = format('a message to borrower %s is refused: %s', NEW.borrower_id, replace(sentence, '_', ' '));
    END IF;
    NEW.queued_at := clock_timestamp();
    RETURN NEW;
END
$$;

CREATE TRIGGER messages_begin_queued BEFORE INSERT ON recovery_outgoingmessage
    FOR EACH ROW EXECUTE FUNCTION guard_new_message();

-- queued -> sending, refused, cancelled; sending -> sent, failed, unknown; unknown -> sent, failed. Nothing else, and what is being
-- sent once never waits again: that is what makes it at most once. Between steps a row stays as it is.
CREATE FUNCTION guard_message_step() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    moving CONSTANT text[] := '{state,dispatcher,reservation_id,sending_at,ended_at,provider_reference,reason_code,reason,contact_event_id,resolved_by_id}';
    attempt recovery_contactreservation;
BEGIN
    IF (to_jsonb(NEW) - moving) <> (to_jsonb(OLD) - moving)
        OR NOT (
            OLD.state = 'queued' AND NEW.state IN ('sending', 'refused', 'cancelled')
            OR OLD.state = 'sending' AND NEW.state IN ('sent', 'failed', 'unknown')
            OR OLD.state = 'unknown' AND NEW.state IN ('sent', 'failed')
        )
        OR OLD.state <> 'queued' AND (
            NEW.reservation_id IS DISTINCT FROM OLD.reservation_id
            OR NEW.dispatcher IS DISTINCT FROM OLD.dispatcher
            OR NEW.sending_at IS DISTINCT FROM OLD.sending_at
        )
        OR NEW.contact_event_id IS NOT NULL AND NEW.state <> 'sent'
        OR NEW.state = 'sent' AND NEW.contact_event_id IS NULL
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation', CONSTRAINT = 'message_moves_on_and_never_back', TABLE = TG_TABLE_NAME,
            MESSAGE = format('message %s cannot go from %s to %s like this', OLD.id, OLD.state, NEW.state);
    END IF;
    IF NEW.state = 'sending' THEN
        SELECT * INTO attempt FROM recovery_contactreservation WHERE id = NEW.reservation_id;
        IF attempt.state IS DISTINCT FROM 'reserved' OR attempt.borrower_id <> NEW.borrower_id OR attempt.channel <> NEW.channel THEN
            RAISE EXCEPTION USING
                ERRCODE = 'check_violation', CONSTRAINT = 'message_is_sent_as_the_attempt_that_is_reserved', TABLE = TG_TABLE_NAME,
                MESSAGE = format('message %s has no attempt reserved for it', OLD.id);
        END IF;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER messages_move_on BEFORE UPDATE ON recovery_outgoingmessage FOR EACH ROW EXECUTE FUNCTION guard_message_step();

CREATE TRIGGER recovery_outgoingmessage_is_kept BEFORE DELETE OR TRUNCATE ON recovery_outgoingmessage
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
