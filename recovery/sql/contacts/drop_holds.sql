DROP TRIGGER disputes_and_hardship_hold ON borrowers_contactevent;
DROP FUNCTION hold_on_dispute_and_hardship();
DROP TRIGGER holds_are_checked ON recovery_hold;
DROP FUNCTION check_hold();
DROP FUNCTION is_party_to(bigint, bigint, date);
DROP FUNCTION holds_on(date, timestamptz);
DROP FUNCTION holds_of(bigint, bigint, timestamptz, text[]);
