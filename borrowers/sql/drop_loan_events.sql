DROP TRIGGER loan_events_are_checked ON borrowers_loanevent;
DROP FUNCTION check_loan_events();
