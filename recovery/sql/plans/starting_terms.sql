-- The terms and limits that a new installation starts with, to be replaced by the lender's own.
INSERT INTO recovery_planterms (effective_from, grace_days, tolerance_ratio, missed_allowed, affordable_ratio)
SELECT '2000-01-01', 5, 0.05, 0, 0.9
WHERE NOT EXISTS (SELECT FROM recovery_planterms);
INSERT INTO recovery_planlimit (role, effective_from, discount_ratio, duration_days, may_exceed_income)
SELECT shipped.role, '2000-01-01'::date, shipped.discount_ratio, shipped.duration_days, shipped.may_exceed_income
FROM (VALUES ('agent', 0, 186, false), ('manager', 0.3, 731, true), ('admin', 0.5, 1096, true))
    AS shipped (role, discount_ratio, duration_days, may_exceed_income)
WHERE NOT EXISTS (SELECT FROM recovery_planlimit);
