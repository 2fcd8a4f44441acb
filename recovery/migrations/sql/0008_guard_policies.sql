-- Policies are edited as drafts and never once they are approved, whichever way in: form, admin, raw SQL.
--
-- Grain    fires once per row of recovery_policy and recovery_policyrule; a lookup by primary key for a line.
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
    IF TG_OP = 'UPDATE' THEN
        as_it_was := NEW;
        IF OLD.state = 'draft' THEN
            RETURN NEW;
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
    BEFORE UPDATE OR DELETE ON recovery_policy
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

-- A replay that is done is evidence: neither it nor its days change any more.

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
