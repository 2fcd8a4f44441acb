DROP TRIGGER models_leave_monitored_attributes_out ON scoring_modelversion;
DROP FUNCTION check_model_features();
