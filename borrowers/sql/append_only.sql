-- refuse_change: what makes a table append-only.
--
-- Grain    fires once per UPDATE, DELETE or TRUNCATE statement, whether or not a row would have changed, for every role and
--          every way in. Installed per table by the migration operation creditpath.sql.AppendOnly.
-- Cost     none on INSERT and SELECT.
-- Answers  SQLSTATE 23001 (restrict_violation, an IntegrityError) under the constraint name <table>_is_append_only, so that it
--          is told to people by the same translation as every other constraint.
-- There is no switch in it: whoever owns the table can disable the trigger, the role the product runs under need not own it.

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        CONSTRAINT = TG_TABLE_NAME || '_is_append_only',
        SCHEMA = TG_TABLE_SCHEMA,
        TABLE = TG_TABLE_NAME,
        MESSAGE = format('%s is refused on %s: its rows are never changed, a correction is a new row', TG_OP, TG_TABLE_NAME);
END
$$;

COMMENT ON FUNCTION refuse_change() IS 'Refuse every UPDATE, DELETE and TRUNCATE of the table it stands on.';

-- A reversal is of the same loan and of the whole amount, and counts and is known no earlier than what it reverses.
-- Fires once per INSERT statement and looks at the reversals among the new rows only: a lookup by primary key each.

CREATE FUNCTION check_reversals() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    wrong record;
BEGIN
    SELECT reversal.id, reversal.reverses_id,
        CASE
            WHEN reversal.loan_id <> payment.loan_id OR payment.reverses_id IS NOT NULL
                THEN 'reversal_is_of_a_payment_of_the_same_loan'
            WHEN reversal.amount <> -payment.amount THEN 'reversal_negates_the_whole_amount'
            ELSE 'reversal_is_not_before_its_payment'
        END AS sentence
    INTO wrong
    FROM new_payment AS reversal
    JOIN borrowers_payment AS payment ON payment.id = reversal.reverses_id
    WHERE reversal.loan_id <> payment.loan_id
        OR payment.reverses_id IS NOT NULL
        OR reversal.amount <> -payment.amount
        OR reversal.effective_on < payment.effective_on
        OR reversal.booked_at < payment.booked_at
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            CONSTRAINT = wrong.sentence,
            TABLE = TG_TABLE_NAME,
            MESSAGE = format('payment %s does not reverse payment %s: %s', wrong.id, wrong.reverses_id, wrong.sentence);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER payment_reversals_are_checked
    AFTER INSERT ON borrowers_payment
    REFERENCING NEW TABLE AS new_payment
    FOR EACH STATEMENT EXECUTE FUNCTION check_reversals();

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
