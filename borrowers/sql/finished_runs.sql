-- refuse_change_of_what_ended: the record of what was done is evidence; once an import is published or a day is closed, neither
-- its row nor the rows of its steps are changed or deleted, by any role and any way in.
--
-- Grain    fires per row, so that a run that failed can be taken up again and a dry run can be forgotten.
-- Answers  SQLSTATE 23001 under the constraint name <table>_is_append_only, as refuse_change does.

CREATE FUNCTION refuse_change_of_what_ended() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        CONSTRAINT = TG_TABLE_NAME || '_is_append_only',
        SCHEMA = TG_TABLE_SCHEMA,
        TABLE = TG_TABLE_NAME,
        MESSAGE = format('%s is refused on %s: row %s tells of what has ended', TG_OP, TG_TABLE_NAME, OLD.id);
END
$$;

CREATE TRIGGER published_imports_stay
    BEFORE UPDATE OR DELETE ON borrowers_importrun
    FOR EACH ROW WHEN (OLD.state = 'published') EXECUTE FUNCTION refuse_change_of_what_ended();

CREATE TRIGGER imports_are_not_emptied
    BEFORE TRUNCATE ON borrowers_importrun EXECUTE FUNCTION refuse_change();

CREATE TRIGGER closed_days_stay
    BEFORE UPDATE OR DELETE ON borrowers_dayclose
    FOR EACH ROW WHEN (OLD.state IN ('done', 'overtaken')) EXECUTE FUNCTION refuse_change_of_what_ended();

CREATE TRIGGER closes_are_not_emptied
    BEFORE TRUNCATE ON borrowers_dayclose EXECUTE FUNCTION refuse_change();

CREATE TRIGGER ended_steps_stay
    BEFORE UPDATE OR DELETE ON borrowers_closingstep
    FOR EACH ROW WHEN (OLD.state IN ('done', 'skipped')) EXECUTE FUNCTION refuse_change_of_what_ended();

CREATE TRIGGER steps_are_not_emptied
    BEFORE TRUNCATE ON borrowers_closingstep EXECUTE FUNCTION refuse_change();
