-- Disputes and complaints: when an answer is due, and what a dispute holds.

-- The last day for an answer: the period in force on receipt where the borrower lives, else the nearest above, else the one for
-- everywhere; 30 days where nobody has set any.
CREATE FUNCTION answer_due_on(p_kind text, p_jurisdiction text, p_received date) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT p_received + coalesce(
        (
            SELECT period.days
            FROM (SELECT * FROM jurisdictions_above(p_jurisdiction) UNION ALL VALUES (NULL, 100)) AS above (code, depth)
            JOIN recovery_answerperiod AS period ON period.jurisdiction_id IS NOT DISTINCT FROM above.code
            WHERE period.kind = p_kind AND period.effective_from <= p_received
            ORDER BY above.depth, period.effective_from DESC
            LIMIT 1
        ),
        30
    )
$$;

-- The day for an answer is the rule's, whoever writes the row; the debt is one that the person owes or answers for.
CREATE FUNCTION date_grievance() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NEW.loan_id IS NOT NULL AND NOT is_party_to(NEW.borrower_id, NEW.loan_id, NULL) THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, 'grievance_is_about_a_debt_of_the_person', NEW.id, NEW.loan_id);
    END IF;
    SELECT answer_due_on(NEW.kind, jurisdiction, NEW.received_on) INTO NEW.answer_due_on
    FROM borrowers_borrower WHERE id = NEW.borrower_id;
    RETURN NEW;
END
$$;

CREATE TRIGGER grievances_are_dated BEFORE INSERT ON recovery_grievance FOR EACH ROW EXECUTE FUNCTION date_grievance();

-- A dispute holds contacts about its debt, or all of them, until it is answered. Fires once per INSERT statement.
CREATE FUNCTION hold_on_grievance() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO recovery_hold (
        borrower_id, loan_id, kind, starts_on, reason, contact_event_id, grievance_id, set_by_id, booked_at
    )
    SELECT
        borrower_id, loan_id, 'dispute', received_on, left(text, 500), contact_event_id, id, recorded_by_id, booked_at
    FROM new_grievance
    WHERE kind = 'dispute';
    RETURN NULL;
END
$$;

CREATE TRIGGER disputes_hold
    AFTER INSERT ON recovery_grievance
    REFERENCING NEW TABLE AS new_grievance
    FOR EACH STATEMENT EXECUTE FUNCTION hold_on_grievance();

-- An answer lifts the hold of its dispute. Fires once per INSERT statement.
CREATE FUNCTION lift_on_answer() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    wrong record;
BEGIN
    SELECT answer.id, answer.grievance_id
    INTO wrong
    FROM new_answer AS answer
    JOIN recovery_grievance AS grievance ON grievance.id = answer.grievance_id
    WHERE answer.answered_on < grievance.received_on
    LIMIT 1;
    IF FOUND THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, 'answer_is_not_before_receipt', wrong.id, wrong.grievance_id);
    END IF;
    INSERT INTO recovery_hold (borrower_id, loan_id, kind, starts_on, reason, lifts_id, grievance_id, set_by_id, booked_at)
    SELECT
        hold.borrower_id, hold.loan_id, hold.kind, greatest(hold.starts_on, answer.answered_on),
        'The dispute was answered: ' || replace(answer.outcome, '_', ' ') || '.', hold.id, hold.grievance_id,
        answer.answered_by_id, answer.booked_at
    FROM new_answer AS answer
    JOIN recovery_hold AS hold ON hold.grievance_id = answer.grievance_id AND hold.lifts_id IS NULL
    WHERE NOT EXISTS (SELECT FROM recovery_hold AS lift WHERE lift.lifts_id = hold.id);
    RETURN NULL;
END
$$;

CREATE TRIGGER answers_lift_holds
    AFTER INSERT ON recovery_grievanceanswer
    REFERENCING NEW TABLE AS new_answer
    FOR EACH STATEMENT EXECUTE FUNCTION lift_on_answer();
