DROP TRIGGER proposal_decisions_are_checked ON recovery_loanproposaldecision;
DROP FUNCTION check_proposal_decision();
DROP TRIGGER proposals_are_checked ON recovery_loanproposal;
DROP FUNCTION check_proposal();
DROP FUNCTION proposal_fault(bigint, text);
