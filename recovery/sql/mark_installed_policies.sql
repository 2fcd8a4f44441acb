-- Policies from before approvals were kept: each counts from its own day until the next one's; of several of one day the newest.
-- Every line gets a key of its own. Runs once, over a handful of rows.

UPDATE recovery_policy AS policy
SET state = 'approved', is_installed = true, effective_until = following.effective_from
FROM (
    SELECT
        id,
        lead(effective_from) OVER (ORDER BY effective_from, version) AS effective_from
    FROM recovery_policy
) AS following
WHERE following.id = policy.id;

UPDATE recovery_policyrule SET key = md5(id::text || 'recovery_policyrule');
