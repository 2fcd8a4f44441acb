-- Policies are edited as drafts and never once they are approved, whichever way in: form, admin, raw SQL.
--
-- Grain    fires once per row of recovery_policy and recovery_policyrule; a lookup by primary key for a line, of the policy's
--          events for an approval.
-- Begins   as a draft, which becomes submitted or withdrawn; approved only after it was submitted, by somebody who neither
--          wrote nor edited nor submitted it. The policy that comes with the product is approved by nobody: only where no policy
--          that people approved has begun before.
-- Rules    A line is added, changed or deleted only while its policy is a draft; the policy row is locked against a submission
--          at the same moment. A submitted policy may be approved, returned or withdrawn, but says what it said. An approved
--          one only ends: its last day may be set or drawn forward, to nothing at the least. A withdrawn one stays as it is.
-- Answers  SQLSTATE 23001 (restrict_violation) under the constraint name policy_is_not_edited_once_submitted.

CREATE FUNCTION refuse_policy_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    as_it_was recovery_policy;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'draft' AND NEW.submitted_by_id IS NULL AND NEW.approved_by_id IS NULL
            AND NEW.submitted_at IS NULL AND NEW.approved_at IS NULL THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation', CONSTRAINT = 'policy_begins_as_a_draft', TABLE = TG_TABLE_NAME,
            MESSAGE = format('INSERT is refused: policy %s begins as a draft that nobody has submitted', NEW.version);
    ELSIF TG_OP = 'UPDATE' THEN
        IF NEW.state = 'approved' AND OLD.state = 'submitted' AND EXISTS (
            SELECT FROM recovery_policyevent AS event
            WHERE event.policy_id = OLD.id AND event.by_id = NEW.approved_by_id
                AND event.kind IN ('created', 'edited', 'submitted')
        ) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'restrict_violation', CONSTRAINT = 'policy_is_approved_by_a_second_person', TABLE = TG_TABLE_NAME,
                MESSAGE = format('UPDATE is refused: who approves policy %s has had a hand in it', OLD.version);
        END IF;
        as_it_was := NEW;
        IF OLD.state = 'draft' THEN
            IF (NEW.id, NEW.version, NEW.created_at, NEW.created_by_id, NEW.is_installed, NEW.approved_at, NEW.approved_by_id)
                IS NOT DISTINCT FROM
                (OLD.id, OLD.version, OLD.created_at, OLD.created_by_id, OLD.is_installed, NULL::timestamptz, NULL::bigint)
                AND (
                    NEW.state IN ('draft', 'withdrawn')
                    OR NEW.state = 'submitted' AND NEW.submitted_by_id IS NOT NULL
                    OR NEW.state = 'approved' AND OLD.is_installed AND NOT EXISTS (
                        SELECT FROM recovery_policy AS begun
                        WHERE begun.state = 'approved' AND NOT begun.is_installed
                            AND begun.effective_from <= NEW.effective_from
                    )
                ) THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION USING
                ERRCODE = 'restrict_violation', CONSTRAINT = 'policy_draft_is_submitted_first', TABLE = TG_TABLE_NAME,
                MESSAGE = format('UPDATE is refused: draft %s is submitted, then approved by a second person', OLD.version);
        ELSIF OLD.state = 'submitted' THEN
            as_it_was.state := OLD.state;
            as_it_was.effective_from := OLD.effective_from;
            as_it_was.effective_until := OLD.effective_until;
            as_it_was.submitted_at := OLD.submitted_at;
            as_it_was.submitted_by_id := OLD.submitted_by_id;
            as_it_was.replay_waiver := OLD.replay_waiver;
            as_it_was.approved_at := OLD.approved_at;
            as_it_was.approved_by_id := OLD.approved_by_id;
        ELSIF OLD.state = 'approved' AND NEW.effective_until >= OLD.effective_from
            AND (OLD.effective_until IS NULL OR NEW.effective_until <= OLD.effective_until) THEN
            as_it_was.effective_until := OLD.effective_until;
        END IF;
        IF as_it_was IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
    ELSIF OLD.state = 'draft' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        CONSTRAINT = 'policy_is_not_edited_once_submitted',
        TABLE = TG_TABLE_NAME,
        MESSAGE = format('%s is refused: policy %s is no draft, a change is a new version', TG_OP, OLD.version);
END
$$;

CREATE TRIGGER policy_is_not_edited_once_submitted
    BEFORE INSERT OR UPDATE OR DELETE ON recovery_policy
    FOR EACH ROW EXECUTE FUNCTION refuse_policy_change();

CREATE FUNCTION refuse_policy_rule_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    locked record;
BEGIN
    FOR locked IN
        SELECT version, state FROM recovery_policy
        WHERE id IN (CASE WHEN TG_OP <> 'DELETE' THEN NEW.policy_id END, CASE WHEN TG_OP <> 'INSERT' THEN OLD.policy_id END)
        FOR SHARE
    LOOP
        IF locked.state <> 'draft' THEN
            RAISE EXCEPTION USING
                ERRCODE = 'restrict_violation',
                CONSTRAINT = 'policy_is_not_edited_once_submitted',
                TABLE = TG_TABLE_NAME,
                MESSAGE = format('%s is refused: policy %s is no draft, a change is a new version', TG_OP, locked.version);
        END IF;
    END LOOP;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;

CREATE TRIGGER policy_rule_is_not_edited_once_submitted
    BEFORE INSERT OR UPDATE OR DELETE ON recovery_policyrule
    FOR EACH ROW EXECUTE FUNCTION refuse_policy_rule_change();

-- A replay that is done is evidence: neither it nor its days change any more. It begins waiting, without figures, and its days
-- are written while it runs.

CREATE FUNCTION refuse_replay_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        CONSTRAINT = 'replay_is_not_changed_once_done',
        TABLE = TG_TABLE_NAME,
        MESSAGE = format('%s is refused: replay %s is done, try the draft again instead', TG_OP, OLD.id);
END
$$;

CREATE TRIGGER replay_is_not_changed_once_done
    BEFORE UPDATE OR DELETE ON recovery_policyreplay
    FOR EACH ROW WHEN (OLD.state = 'done') EXECUTE FUNCTION refuse_replay_change();

CREATE FUNCTION refuse_finished_replay() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        CONSTRAINT = 'replay_begins_waiting',
        TABLE = TG_TABLE_NAME,
        MESSAGE = 'INSERT is refused: a replay begins waiting and without figures';
END
$$;

CREATE TRIGGER replay_begins_waiting
    BEFORE INSERT ON recovery_policyreplay
    FOR EACH ROW WHEN (
        NEW.state <> 'waiting' OR NEW.cases <> 0 OR NEW.days_done <> 0 OR NEW.finished_at IS NOT NULL
    ) EXECUTE FUNCTION refuse_finished_replay();

CREATE FUNCTION refuse_late_replay_lines() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM new_line JOIN recovery_policyreplay AS replay ON replay.id = new_line.replay_id
        WHERE replay.state <> 'running'
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation',
            CONSTRAINT = 'replay_lines_come_while_it_runs',
            TABLE = TG_TABLE_NAME,
            MESSAGE = 'INSERT is refused: the days of a replay are written while it runs';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER replay_lines_come_while_it_runs
    AFTER INSERT ON recovery_replayline REFERENCING NEW TABLE AS new_line
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_late_replay_lines();

-- What rules the work is never emptied in one stroke, which row triggers would not see.

CREATE FUNCTION refuse_emptying() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        CONSTRAINT = TG_TABLE_NAME || '_is_not_emptied',
        TABLE = TG_TABLE_NAME,
        MESSAGE = format('TRUNCATE is refused on %s', TG_TABLE_NAME);
END
$$;

CREATE TRIGGER policy_is_not_emptied BEFORE TRUNCATE ON recovery_policy
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_emptying();
CREATE TRIGGER policyrule_is_not_emptied BEFORE TRUNCATE ON recovery_policyrule
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_emptying();
CREATE TRIGGER policyreplay_is_not_emptied BEFORE TRUNCATE ON recovery_policyreplay
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_emptying();
CREATE TRIGGER contactrule_is_not_emptied BEFORE TRUNCATE ON recovery_contactrule
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_emptying();
CREATE TRIGGER limitationperiod_is_not_emptied BEFORE TRUNCATE ON recovery_limitationperiod
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_emptying();
