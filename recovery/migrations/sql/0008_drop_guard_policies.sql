DROP TRIGGER replay_is_not_changed_once_done ON recovery_policyreplay;
DROP FUNCTION refuse_replay_change();
DROP TRIGGER policy_rule_is_not_edited_once_submitted ON recovery_policyrule;
DROP FUNCTION refuse_policy_rule_change();
DROP TRIGGER policy_is_not_edited_once_submitted ON recovery_policy;
DROP FUNCTION refuse_policy_change();
