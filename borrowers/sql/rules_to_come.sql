-- refuse_rule_of_the_past: a rule that counts from a day on is made for days to come, after the last closed one; what was judged by
-- another rule stays as it was judged. Installed per table, whose column is effective_from. Empty books know no past.

CREATE FUNCTION refuse_rule_of_the_past() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NEW.effective_from <= (SELECT day FROM borrowers_businessdate) AND NEW.effective_from > '2000-01-01' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            CONSTRAINT = 'rule_counts_from_a_day_to_come',
            TABLE = TG_TABLE_NAME,
            MESSAGE = format('%s counts from %s: choose a day after the business date', TG_TABLE_NAME, NEW.effective_from);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER promise_rule_is_to_come BEFORE INSERT ON borrowers_promiserule
    FOR EACH ROW EXECUTE FUNCTION refuse_rule_of_the_past();
