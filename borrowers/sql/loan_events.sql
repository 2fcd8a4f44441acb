-- Nothing happens to a loan before it is approved. Fires once per INSERT statement: one lookup by primary key per new event.

CREATE FUNCTION check_loan_events() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    wrong record;
BEGIN
    SELECT event.id, event.loan_id
    INTO wrong
    FROM new_event AS event
    JOIN borrowers_loan AS loan ON loan.id = event.loan_id
    WHERE event.effective_on < loan.approved_on
    LIMIT 1;
    IF FOUND THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, 'loan_event_is_not_before_approval', wrong.id, wrong.loan_id);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER loan_events_are_checked
    AFTER INSERT ON borrowers_loanevent
    REFERENCING NEW TABLE AS new_event
    FOR EACH STATEMENT EXECUTE FUNCTION check_loan_events();
