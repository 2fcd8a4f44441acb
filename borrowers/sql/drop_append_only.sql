DROP TRIGGER instalments_are_checked ON borrowers_instalment;
DROP FUNCTION check_instalments();
DROP TRIGGER payment_reversals_are_checked ON borrowers_payment;
DROP FUNCTION check_reversals();
DROP FUNCTION refuse_change();
