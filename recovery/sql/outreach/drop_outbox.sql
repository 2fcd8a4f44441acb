DROP TRIGGER recovery_outgoingmessage_is_kept ON recovery_outgoingmessage;
DROP TRIGGER messages_move_on ON recovery_outgoingmessage;
DROP FUNCTION guard_message_step();
DROP TRIGGER messages_begin_queued ON recovery_outgoingmessage;
DROP FUNCTION guard_new_message();
DROP TRIGGER recovery_messagetemplate_is_kept ON recovery_messagetemplate;
DROP TRIGGER published_templates_are_kept ON recovery_messagetemplate;
DROP FUNCTION guard_message_template();
