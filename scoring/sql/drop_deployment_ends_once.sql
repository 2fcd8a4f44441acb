DROP TRIGGER scoring_deployment_is_append_only ON scoring_deployment;
DROP TRIGGER scoring_deployment_ends_once ON scoring_deployment;
DROP FUNCTION end_deployment_once();
