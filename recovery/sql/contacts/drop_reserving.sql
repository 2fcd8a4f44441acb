DROP FUNCTION reserve_contact(bigint, bigint, text, bigint, bigint, timestamptz, text, interval);
DROP TRIGGER recovery_contactreservation_is_append_only ON recovery_contactreservation;
DROP TRIGGER attempts_move_on_once ON recovery_contactreservation;
DROP FUNCTION guard_reservation_step();
DROP TRIGGER contacts_are_permitted ON recovery_contactreservation;
DROP FUNCTION flags_of(jsonb);
DROP FUNCTION guard_reservation();
