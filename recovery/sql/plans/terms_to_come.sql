-- Terms and limits of plans are made for days to come, as rules of promises are.
CREATE TRIGGER plan_terms_are_to_come BEFORE INSERT ON recovery_planterms
    FOR EACH ROW EXECUTE FUNCTION refuse_rule_of_the_past();
CREATE TRIGGER plan_limit_is_to_come BEFORE INSERT ON recovery_planlimit
    FOR EACH ROW EXECUTE FUNCTION refuse_rule_of_the_past();
