-- The rule that a new installation starts with: two days of grace, 95 % of the amount.
INSERT INTO borrowers_promiserule (effective_from, grace_days, kept_ratio)
SELECT '1900-01-01', 2, 0.95
WHERE NOT EXISTS (SELECT FROM borrowers_promiserule);
