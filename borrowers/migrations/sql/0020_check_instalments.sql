ALTER TABLE borrowers_instalment DROP CONSTRAINT instalment_is_of_the_loan_of_its_schedule;

-- An instalment belongs to the loan of its schedule. Fires once per INSERT statement: one join of the new rows.

CREATE FUNCTION check_instalments() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    wrong record;
BEGIN
    SELECT instalment.loan_id, schedule.loan_id AS schedule_loan_id
    INTO wrong
    FROM new_instalment AS instalment
    JOIN borrowers_scheduleversion AS schedule ON schedule.id = instalment.schedule_id
    WHERE schedule.loan_id <> instalment.loan_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            CONSTRAINT = 'instalment_is_of_the_loan_of_its_schedule',
            TABLE = TG_TABLE_NAME,
            MESSAGE = format(
                'an instalment of loan %s cannot stand in a schedule of loan %s', wrong.loan_id, wrong.schedule_loan_id
            );
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER instalments_are_checked
    AFTER INSERT ON borrowers_instalment
    REFERENCING NEW TABLE AS new_instalment
    FOR EACH STATEMENT EXECUTE FUNCTION check_instalments();
