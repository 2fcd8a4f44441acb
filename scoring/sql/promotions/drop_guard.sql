DROP TRIGGER scoring_challenger_is_append_only ON scoring_challenger;
DROP TRIGGER challengers_are_checked ON scoring_challenger;
DROP FUNCTION check_challenger();
-- As sql/deployment_ends_once.sql has it.
CREATE OR REPLACE FUNCTION end_deployment_once() RETURNS trigger
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
DROP TRIGGER deployments_are_approved ON scoring_deployment;
DROP FUNCTION check_deployment();
DROP TRIGGER promotion_decisions_are_checked ON scoring_promotiondecision;
DROP FUNCTION check_promotion_decision();
DROP TRIGGER promotion_proposals_are_checked ON scoring_promotionproposal;
DROP FUNCTION check_promotion_proposal();
DROP TRIGGER finding_closures_are_checked ON scoring_findingclosure;
DROP FUNCTION check_finding_closure();
DROP TRIGGER validations_are_checked ON scoring_validation;
DROP FUNCTION check_validation();
DROP TRIGGER models_are_proven ON scoring_modelversion;
DROP FUNCTION check_model_proof();
DROP FUNCTION promotion_doubts(bigint, bigint, bigint);
DROP FUNCTION json_number(jsonb);
DROP FUNCTION champion_for(text, text);
DROP FUNCTION lock_purpose(text);
DROP FUNCTION refuse_model_step(text, text);
