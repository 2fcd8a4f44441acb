-- What is watched for fairness stays out of training unless a person said, with the reason, that it may be learned from.
--
-- Grain    fires once per registered model; columns are matched by name, whatever their case.
-- Answers  an IntegrityError under monitored_attributes_stay_out_of_training.
CREATE FUNCTION check_model_features() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF EXISTS (
        SELECT
        FROM (
            SELECT DISTINCT ON (source, name) name, is_monitored AND NOT may_train AS is_barred
            FROM scoring_monitoredattribute
            ORDER BY source, name, id DESC
        ) AS watched
        WHERE watched.is_barred AND lower(watched.name) IN (
            SELECT lower(feature) FROM unnest(NEW.feature_names) AS feature
            UNION ALL
            SELECT lower(part ->> 'name')
            FROM jsonb_array_elements(
                CASE WHEN jsonb_typeof(NEW.specification -> 'columns') = 'array' THEN NEW.specification -> 'columns' ELSE '[]' END
            ) AS part
            WHERE part ->> 'kind' IS DISTINCT FROM 'left_out'
        )
    ) THEN
        PERFORM refuse_model_step(TG_TABLE_NAME::text, 'monitored_attributes_stay_out_of_training');
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER models_leave_monitored_attributes_out
    BEFORE INSERT ON scoring_modelversion FOR EACH ROW EXECUTE FUNCTION check_model_features();

-- The one thing that every lender has and that no model of ours learns from.
INSERT INTO scoring_monitoredattribute (source, name, reason)
VALUES ('field', 'birth_date', 'Comes with the product: age, in bands.');
