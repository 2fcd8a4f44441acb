-- Who works on a day, and that nobody who does not gets cases: enforced whoever writes, by whatever way.
--
-- Races    a case that is put on a list and an absence of the same agent come one after the other: both lock the agent's row.
--          An absence leaves what is on the list already; a hand-over moves it.
-- Answers  an IntegrityError under the sentence that was broken.

-- Whether an agent is away on a day: an absence covers it that had not ended before.
CREATE FUNCTION is_absent(p_agent bigint, p_day date) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT EXISTS (
        SELECT
        FROM recovery_absence AS absence
        LEFT JOIN recovery_absenceend AS early ON early.absence_id = absence.id
        WHERE absence.agent_id = p_agent
            AND p_day BETWEEN absence.first_on AND absence.last_on
            AND (early.works_from IS NULL OR p_day < early.works_from)
    )
$$;

CREATE FUNCTION check_absent_agent() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM accounts_user WHERE id = NEW.agent_id FOR KEY SHARE;
    IF NEW.done_at IS NULL AND is_absent(NEW.agent_id, NEW.as_of) THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, 'absent_agent_gets_no_cases', NEW.id, NEW.agent_id);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER absent_agent_gets_no_cases BEFORE INSERT OR UPDATE OF agent_id ON recovery_worklistitem
    FOR EACH ROW EXECUTE FUNCTION check_absent_agent();

CREATE FUNCTION check_absence() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM accounts_user WHERE id = NEW.agent_id FOR UPDATE;
    RETURN NEW;
END
$$;

CREATE TRIGGER absence_waits_for_lists BEFORE INSERT ON recovery_absence FOR EACH ROW EXECUTE FUNCTION check_absence();

CREATE FUNCTION check_absence_end() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    absence recovery_absence;
BEGIN
    SELECT * INTO absence FROM recovery_absence WHERE id = NEW.absence_id;
    IF NEW.works_from < absence.first_on OR NEW.works_from > absence.last_on THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, 'absence_ends_early_on_one_of_its_days', NEW.id, absence.id);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER absence_ends_are_checked BEFORE INSERT ON recovery_absenceend
    FOR EACH ROW EXECUTE FUNCTION check_absence_end();

-- A case goes to another agent of the borrower's own team, and its line of the list is of that borrower.
CREATE FUNCTION check_handed_case() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    giver bigint;
BEGIN
    SELECT from_agent_id INTO giver FROM recovery_handover WHERE id = NEW.hand_over_id;
    IF NEW.agent_id = giver THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, 'hand_over_is_to_somebody_else', NEW.id, NEW.agent_id);
    END IF;
    IF NOT EXISTS (
        SELECT
        FROM borrowers_borrower AS borrower
        JOIN accounts_user AS agent ON agent.id = NEW.agent_id AND agent.team_id = borrower.team_id
        WHERE borrower.id = NEW.borrower_id AND agent.role = 'agent' AND agent.is_active
    ) THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, 'case_goes_to_an_agent_of_its_team', NEW.id, NEW.agent_id);
    END IF;
    IF NEW.worklist_item_id IS NOT NULL AND NOT EXISTS (
        SELECT
        FROM recovery_worklistitem AS item
        JOIN recovery_recommendation AS recommendation ON recommendation.id = item.recommendation_id
        WHERE item.id = NEW.worklist_item_id AND recommendation.borrower_id = NEW.borrower_id
    ) THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, 'handed_line_is_of_its_borrower', NEW.id, NEW.worklist_item_id);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER handed_cases_are_checked BEFORE INSERT ON recovery_handedcase
    FOR EACH ROW EXECUTE FUNCTION check_handed_case();

-- Who looks after which borrower on a day, by the newest hand-over that is in force then. One pass over hand-overs in force.
CREATE FUNCTION handed_cases_on(p_day date) RETURNS TABLE (borrower_id bigint, agent_id bigint, hand_over_id bigint)
LANGUAGE sql STABLE
AS $$
    SELECT DISTINCT ON (handed.borrower_id) handed.borrower_id, handed.agent_id, handed.hand_over_id
    FROM recovery_handedcase AS handed
    JOIN recovery_handover AS hand_over ON hand_over.id = handed.hand_over_id
    WHERE hand_over.from_on <= p_day AND (hand_over.until_on IS NULL OR p_day <= hand_over.until_on)
    ORDER BY handed.borrower_id, handed.id DESC
$$;
