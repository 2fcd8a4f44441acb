DO $$
DECLARE
    line record;
BEGIN
    FOR line IN SELECT tgrelid::regclass AS name FROM pg_trigger WHERE tgname = 'new_rows_are_evidence' LOOP
        EXECUTE format('DROP TRIGGER new_rows_are_evidence ON %s', line.name);
    END LOOP;
END
$$;
DROP TRIGGER ended_messages_are_evidence ON recovery_outgoingmessage;
DROP TRIGGER made_attempts_are_evidence ON recovery_contactreservation;
DROP TRIGGER ended_attempts_are_evidence ON recovery_contactreservation;
DROP FUNCTION queue_ended_messages();
DROP FUNCTION queue_ended_attempts();
DROP FUNCTION queue_evidence();
