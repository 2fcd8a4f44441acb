-- What may be proposed for a loan, and who decides: enforced whoever writes, by whatever way.
--
-- Races    proposals and decisions about one loan come one after the other: each holds the lock of the loan's row to its end.
-- Answers  an IntegrityError under the sentence that was broken.

-- Why a loan, as it stands at the last refresh, cannot be proposed for something; null where it can.
CREATE FUNCTION proposal_fault(p_loan bigint, p_kind text) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT CASE
        WHEN figure.loan_id IS NULL THEN 'proposal_is_for_a_loan_with_figures'
        WHEN figure.bucket IN ('paid_off', 'sold', 'closed') THEN 'proposal_is_for_a_loan_that_is_owed'
        WHEN p_kind = 'write_off' AND figure.bucket = 'written_off' THEN 'loan_is_written_off_once'
        WHEN p_kind = 'placement' AND figure.is_placed THEN 'loan_is_placed_with_one_agency'
        WHEN p_kind = 'recall' AND NOT figure.is_placed THEN 'recall_is_of_a_loan_that_is_placed'
    END
    FROM borrowers_loan AS loan
    LEFT JOIN borrowers_delinquency AS figure ON figure.loan_id = loan.id
    WHERE loan.id = p_loan
$$;

CREATE FUNCTION check_proposal() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    sentence text;
BEGIN
    PERFORM FROM borrowers_loan WHERE id = NEW.loan_id FOR NO KEY UPDATE;
    sentence := coalesce(
        proposal_fault(NEW.loan_id, NEW.kind),
        CASE
            WHEN EXISTS (
                SELECT FROM recovery_loanproposal AS other
                WHERE other.loan_id = NEW.loan_id
                    AND NOT EXISTS (SELECT FROM recovery_loanproposaldecision WHERE proposal_id = other.id)
            ) THEN 'one_open_proposal_per_loan'
            WHEN NEW.amount > (SELECT outstanding_amount FROM borrowers_delinquency WHERE loan_id = NEW.loan_id)
                THEN 'write_off_is_of_what_is_owed'
        END
    );
    IF sentence IS NOT NULL THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, sentence, NEW.id, NEW.loan_id);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER proposals_are_checked BEFORE INSERT ON recovery_loanproposal FOR EACH ROW EXECUTE FUNCTION check_proposal();

CREATE FUNCTION check_proposal_decision() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    proposal recovery_loanproposal;
    event borrowers_loanevent;
    sentence text;
BEGIN
    SELECT * INTO proposal FROM recovery_loanproposal WHERE id = NEW.proposal_id;
    SELECT * INTO event FROM borrowers_loanevent WHERE id = NEW.loan_event_id;
    sentence := CASE
        WHEN NEW.decided_by_id = proposal.proposed_by_id THEN 'proposal_is_decided_by_a_second_person'
        WHEN NEW.is_approved AND (
            event.loan_id, event.kind
        ) IS DISTINCT FROM (
            proposal.loan_id,
            CASE proposal.kind
                WHEN 'write_off' THEN 'written_off' WHEN 'placement' THEN 'placed' WHEN 'recall' THEN 'recalled' ELSE 'closed'
            END
        ) THEN 'decision_books_what_was_proposed'
    END;
    IF sentence IS NOT NULL THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, sentence, NEW.id, NEW.proposal_id);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER proposal_decisions_are_checked
    BEFORE INSERT ON recovery_loanproposaldecision
    FOR EACH ROW EXECUTE FUNCTION check_proposal_decision();
