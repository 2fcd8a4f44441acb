-- Who may let a model go live, and what has to be known first: enforced whoever writes, by whatever way.
--
-- Races    proposals, decisions and challengers of one purpose come one after the other: each holds an advisory lock to its end.
-- Answers  an IntegrityError under the sentence that was broken.

CREATE FUNCTION refuse_model_step(table_name text, sentence text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'check_violation',
        CONSTRAINT = sentence,
        TABLE = table_name,
        MESSAGE = format('%s is refused: %s', table_name, replace(sentence, '_', ' '));
END
$$;

CREATE FUNCTION lock_purpose(p_purpose text) RETURNS void
LANGUAGE sql
AS $$ SELECT pg_advisory_xact_lock(x'50524F4D'::integer, hashtext(p_purpose)) $$;

-- The model that serves the loans of a segment: its own champion, else the one for all.
CREATE FUNCTION champion_for(p_purpose text, p_segment text) RETURNS bigint
LANGUAGE sql STABLE
AS $$
    SELECT model_id
    FROM scoring_deployment
    WHERE live_until IS NULL AND purpose = p_purpose AND segment IN (p_segment, '')
    ORDER BY segment DESC
    LIMIT 1
$$;

-- A number of a JSON object; null where there is none, or something else.
CREATE FUNCTION json_number(p_value jsonb) RETURNS double precision
LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN jsonb_typeof(p_value) = 'number' THEN (p_value #>> '{}')::double precision END $$;

-- What speaks against letting a model go live in place of a champion (null: there is none), as words that pages explain.
CREATE FUNCTION promotion_doubts(p_model bigint, p_champion bigint, p_comparison bigint) RETURNS text[]
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(array_agg(doubt.word ORDER BY doubt.place), '{}')
    FROM scoring_modelversion AS model
    LEFT JOIN LATERAL (
        SELECT outcome FROM scoring_validation WHERE model_id = model.id ORDER BY id DESC LIMIT 1
    ) AS newest ON true
    LEFT JOIN scoring_comparison AS compared ON compared.id = p_comparison
    CROSS JOIN LATERAL (
        VALUES
            (1, 'no_signal', model.metrics ->> 'has_signal' = 'false'),
            (2, 'no_better_than_baseline', json_number(model.metrics #> '{baseline,gain_low}') <= 0),
            (3, 'not_validated', newest.outcome IS NULL),
            (4, 'found_unfit', newest.outcome = 'unfit'),
            (5, 'grave_finding_open', EXISTS (
                SELECT
                FROM scoring_validationfinding AS finding
                JOIN scoring_validation AS validation ON validation.id = finding.validation_id
                WHERE validation.model_id = model.id AND finding.severity = 'high'
                    AND NOT EXISTS (SELECT FROM scoring_findingclosure WHERE finding_id = finding.id)
            )),
            (6, 'not_compared', p_champion IS NOT NULL AND p_champion <> model.id AND compared.id IS NULL),
            (7, 'compared_on_seen_rows', NOT compared.is_unseen),
            (8, 'worse_than_champion', compared.gain < 0)
    ) AS doubt (place, word, holds)
    WHERE model.id = p_model AND doubt.holds
$$;

-- A model is registered with its proof: on at least 100,000 rows its graph gives what the trained model gives.
CREATE FUNCTION check_model_proof() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF (json_number(NEW.parity -> 'max_abs_diff') <= 1e-6 AND json_number(NEW.parity -> 'n_rows') >= 100000) IS NOT TRUE
    THEN
        PERFORM refuse_model_step(TG_TABLE_NAME::text, 'model_is_proven_to_give_what_was_trained');
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER models_are_proven
    BEFORE INSERT ON scoring_modelversion FOR EACH ROW EXECUTE FUNCTION check_model_proof();

CREATE FUNCTION check_validation() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NEW.validated_by_id = (SELECT trained_by_id FROM scoring_modelversion WHERE id = NEW.model_id) THEN
        PERFORM refuse_model_step(TG_TABLE_NAME::text, 'model_is_validated_by_another_than_its_trainer');
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER validations_are_checked
    BEFORE INSERT ON scoring_validation FOR EACH ROW EXECUTE FUNCTION check_validation();

CREATE FUNCTION check_finding_closure() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NEW.closed_by_id = (SELECT owner_id FROM scoring_validationfinding WHERE id = NEW.finding_id) THEN
        PERFORM refuse_model_step(TG_TABLE_NAME::text, 'finding_is_closed_by_another_than_its_owner');
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER finding_closures_are_checked
    BEFORE INSERT ON scoring_findingclosure FOR EACH ROW EXECUTE FUNCTION check_finding_closure();

CREATE FUNCTION check_promotion_proposal() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    model record;
    sentence text;
BEGIN
    SELECT purpose, segment INTO model FROM scoring_modelversion WHERE id = NEW.model_id;
    PERFORM lock_purpose(model.purpose);
    NEW.champion_id := champion_for(model.purpose, NEW.segment);
    NEW.doubts := promotion_doubts(NEW.model_id, NEW.champion_id, NEW.comparison_id);
    sentence := CASE
        WHEN NEW.champion_id = NEW.model_id THEN 'champion_is_not_promoted_again'
        WHEN model.segment NOT IN ('', NEW.segment) THEN 'model_of_a_segment_serves_that_segment'
        WHEN NEW.comparison_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM scoring_comparison
            WHERE id = NEW.comparison_id AND model_id = NEW.model_id AND champion_id = NEW.champion_id
                AND segment = NEW.segment
        ) THEN 'comparison_is_with_the_champion_of_today'
        WHEN EXISTS (
            SELECT FROM scoring_promotionproposal AS other
            WHERE other.model_id = NEW.model_id AND other.segment = NEW.segment
                AND NOT EXISTS (SELECT FROM scoring_promotiondecision WHERE proposal_id = other.id)
        ) THEN 'one_open_proposal_per_model_and_segment'
        WHEN cardinality(NEW.doubts) > 0 AND btrim(NEW.in_spite_of) = '' THEN 'doubtful_promotion_says_why_all_the_same'
    END;
    IF sentence IS NOT NULL THEN
        PERFORM refuse_model_step(TG_TABLE_NAME::text, sentence);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER promotion_proposals_are_checked
    BEFORE INSERT ON scoring_promotionproposal FOR EACH ROW EXECUTE FUNCTION check_promotion_proposal();

CREATE FUNCTION check_promotion_decision() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    asked record;
    sentence text;
BEGIN
    SELECT proposal.*, model.purpose, model.trained_by_id
    INTO asked
    FROM scoring_promotionproposal AS proposal
    JOIN scoring_modelversion AS model ON model.id = proposal.model_id
    WHERE proposal.id = NEW.proposal_id;
    PERFORM lock_purpose(asked.purpose);
    sentence := CASE
        WHEN NEW.decided_by_id = asked.proposed_by_id THEN 'promotion_is_decided_by_a_second_person'
        WHEN NEW.decided_by_id = asked.trained_by_id THEN 'promotion_is_decided_by_another_than_the_trainer'
        WHEN NEW.is_approved AND champion_for(asked.purpose, asked.segment) IS DISTINCT FROM asked.champion_id
            THEN 'champion_is_still_the_one_of_the_proposal'
        WHEN NEW.is_approved AND NOT promotion_doubts(asked.model_id, asked.champion_id, asked.comparison_id) <@ asked.doubts::text[]
            THEN 'no_doubt_has_come_up_since_the_proposal'
    END;
    IF sentence IS NOT NULL THEN
        PERFORM refuse_model_step(TG_TABLE_NAME::text, sentence);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER promotion_decisions_are_checked
    BEFORE INSERT ON scoring_promotiondecision FOR EACH ROW EXECUTE FUNCTION check_promotion_decision();

CREATE FUNCTION check_deployment() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT
        FROM scoring_promotiondecision AS decision
        JOIN scoring_promotionproposal AS proposal ON proposal.id = decision.proposal_id
        JOIN scoring_modelversion AS model ON model.id = proposal.model_id
        WHERE decision.id = NEW.decision_id AND decision.is_approved AND proposal.proposed_by_id = NEW.promoted_by_id
            AND (proposal.model_id, proposal.segment, model.purpose) = (NEW.model_id, NEW.segment, NEW.purpose)
    ) THEN
        PERFORM refuse_model_step(TG_TABLE_NAME::text, 'deployment_is_what_a_second_person_approved');
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER deployments_are_approved
    BEFORE INSERT ON scoring_deployment FOR EACH ROW EXECUTE FUNCTION check_deployment();

-- A deployment is history: the one thing that may happen to it is that it ends, once. Segment and approval are part of it.
CREATE OR REPLACE FUNCTION end_deployment_once() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF OLD.live_until IS NOT NULL
        OR NEW.live_until IS NULL
        OR (NEW.id, NEW.model_id, NEW.purpose, NEW.segment, NEW.decision_id, NEW.live_from, NEW.promoted_by_id, NEW.reason)
            IS DISTINCT FROM
            (OLD.id, OLD.model_id, OLD.purpose, OLD.segment, OLD.decision_id, OLD.live_from, OLD.promoted_by_id, OLD.reason)
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

-- A challenger is of the purpose of its model, and not the champion; it ends once.
CREATE FUNCTION check_challenger() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    model record;
    sentence text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.live_until IS NOT NULL
            OR NEW.live_until IS NULL
            OR (NEW.id, NEW.model_id, NEW.purpose, NEW.segment, NEW.live_from, NEW.named_by_id, NEW.reason)
                IS DISTINCT FROM
                (OLD.id, OLD.model_id, OLD.purpose, OLD.segment, OLD.live_from, OLD.named_by_id, OLD.reason)
        THEN
            sentence := 'challenger_only_ends_and_ends_once';
        END IF;
    ELSE
        SELECT purpose, segment INTO model FROM scoring_modelversion WHERE id = NEW.model_id;
        PERFORM lock_purpose(model.purpose);
        sentence := CASE
            WHEN NEW.purpose <> model.purpose THEN 'challenger_is_of_the_purpose_of_its_model'
            WHEN model.segment NOT IN ('', NEW.segment) THEN 'model_of_a_segment_serves_that_segment'
            WHEN champion_for(NEW.purpose, NEW.segment) = NEW.model_id THEN 'champion_is_not_its_own_challenger'
        END;
    END IF;
    IF sentence IS NOT NULL THEN
        PERFORM refuse_model_step(TG_TABLE_NAME::text, sentence);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER challengers_are_checked
    BEFORE INSERT OR UPDATE ON scoring_challenger FOR EACH ROW EXECUTE FUNCTION check_challenger();

CREATE TRIGGER scoring_challenger_is_append_only
    BEFORE DELETE OR TRUNCATE ON scoring_challenger FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
