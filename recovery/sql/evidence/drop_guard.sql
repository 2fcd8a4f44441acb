DROP TRIGGER message_texts_go_by_erasure_alone ON recovery_outgoingmessage;
DROP FUNCTION check_erased_message();
DROP TRIGGER messages_move_on ON recovery_outgoingmessage;
CREATE TRIGGER messages_move_on BEFORE UPDATE ON recovery_outgoingmessage FOR EACH ROW EXECUTE FUNCTION guard_message_step();
DO $$
DECLARE
    line record;
BEGIN
    FOR line IN
        SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE tgname = 'changes_by_erasure_alone'
    LOOP
        EXECUTE format('DROP TRIGGER changes_by_erasure_alone ON %I', line.relname);
        EXECUTE format('DROP TRIGGER %I ON %I', line.relname || '_is_append_only', line.relname);
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
            line.relname || '_is_append_only', line.relname
        );
    END LOOP;
END
$$;
DROP FUNCTION check_erased_rows();
DROP TRIGGER recovery_evidenceevent_is_append_only ON recovery_evidenceevent;
DROP TRIGGER salts_go_by_erasure_alone ON recovery_evidenceevent;
DROP FUNCTION keep_evidence_event();
DROP FUNCTION is_erasure_approved(bigint, integer);
DROP TRIGGER erasure_decisions_are_checked ON recovery_erasuredecision;
DROP FUNCTION check_erasure_decision();
DROP TRIGGER erasure_requests_are_checked ON recovery_erasurerequest;
DROP FUNCTION check_erasure_request();
DROP TRIGGER legal_holds_are_checked ON recovery_legalhold;
DROP FUNCTION check_legal_hold();
DROP TRIGGER approved_retention_periods_are_kept ON recovery_retentionperiod;
DROP FUNCTION is_under_legal_hold(bigint);
DROP FUNCTION retention_ends_on(bigint, date);
DROP FUNCTION retention_months(text, date);
