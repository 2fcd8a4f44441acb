DROP TRIGGER payment_steps_are_checked ON borrowers_payment;
DROP TRIGGER charge_waivers_are_checked ON borrowers_charge;
DROP TRIGGER loan_event_revocations_are_checked ON borrowers_loanevent;
DROP FUNCTION check_payment_follows();
DROP FUNCTION check_waivers();
DROP FUNCTION check_revocations();
DROP FUNCTION refuse_link(text, text, bigint, bigint);
