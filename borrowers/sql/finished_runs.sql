-- The record of what was done is evidence: once an import is published or a day is closed, neither its row nor the rows of its
-- steps are changed or deleted, by any role and any way in.
--
-- Grain    fires per row, so that a run that failed can be taken up again and a dry run can be forgotten.
-- Answers  as refuse_change does.

CREATE TRIGGER published_imports_stay
    BEFORE UPDATE OR DELETE ON borrowers_importrun
    FOR EACH ROW WHEN (OLD.state = 'published') EXECUTE FUNCTION refuse_change();

CREATE TRIGGER imports_are_not_emptied
    BEFORE TRUNCATE ON borrowers_importrun EXECUTE FUNCTION refuse_change();

CREATE TRIGGER closed_days_stay
    BEFORE UPDATE OR DELETE ON borrowers_dayclose
    FOR EACH ROW WHEN (OLD.state IN ('done', 'overtaken')) EXECUTE FUNCTION refuse_change();

CREATE TRIGGER closes_are_not_emptied
    BEFORE TRUNCATE ON borrowers_dayclose EXECUTE FUNCTION refuse_change();

CREATE TRIGGER ended_steps_stay
    BEFORE UPDATE OR DELETE ON borrowers_closingstep
    FOR EACH ROW WHEN (OLD.state IN ('done', 'skipped')) EXECUTE FUNCTION refuse_change();

CREATE TRIGGER steps_are_not_emptied
    BEFORE TRUNCATE ON borrowers_closingstep EXECUTE FUNCTION refuse_change();
