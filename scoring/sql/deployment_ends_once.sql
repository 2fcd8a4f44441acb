-- A deployment is history: the one thing that may happen to it is that it ends, once.
--
-- Grain    fires once per updated row (there is one update per promotion or retirement); DELETE and TRUNCATE are refused by
--          refuse_change(), as on every append-only table.
-- Answers  SQLSTATE 23001 (an IntegrityError) under the constraint name scoring_deployment_is_append_only.

CREATE FUNCTION end_deployment_once() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF OLD.live_until IS NOT NULL
        OR NEW.live_until IS NULL
        OR (NEW.id, NEW.model_id, NEW.purpose, NEW.live_from, NEW.promoted_by_id, NEW.reason)
            IS DISTINCT FROM (OLD.id, OLD.model_id, OLD.purpose, OLD.live_from, OLD.promoted_by_id, OLD.reason)
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation',
            CONSTRAINT = 'scoring_deployment_is_append_only',
            SCHEMA = TG_TABLE_SCHEMA,
            TABLE = TG_TABLE_NAME,
            MESSAGE = 'UPDATE is refused on scoring_deployment: a deployment only ends, and it ends once';
    END IF;
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION end_deployment_once() IS 'Refuse every change of a deployment but its end.';

CREATE TRIGGER scoring_deployment_ends_once
    BEFORE UPDATE ON scoring_deployment
    FOR EACH ROW EXECUTE FUNCTION end_deployment_once();

CREATE TRIGGER scoring_deployment_is_append_only
    BEFORE DELETE OR TRUNCATE ON scoring_deployment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
