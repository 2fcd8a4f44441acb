-- How the scores of a day did, by tier, on the labels known so far.
-- Grain    one row per tier that was scored and has labels.
-- Label    that of the training: the statement of cases_<purpose>.sql stands in the place of the marker below, asked for a
--          window that ends at `last_day`, as known then. A window that is not over yet gives events so far, never "good".
-- AUC      from rank_sum: (rank_sum - bad * (bad + 1) / 2) / (bad * good), ties sharing the mean of their ranks.
-- Cost     that of the cases of one day, and one sort of the scores.
WITH labelled AS MATERIALIZED (
    /* the cases and labels of the day */
),
seen AS (
    SELECT loan_id, pd, tier FROM scoring_score WHERE run_id = ANY(%(runs)s::bigint[])
    UNION ALL
    SELECT loan_id, pd, tier FROM scoring_shadowscore WHERE run_id = %(shadow)s::bigint
),
judged AS (
    SELECT
        seen.tier,
        seen.pd,
        labelled.label,
        rank() OVER (ORDER BY seen.pd) + (count(*) OVER (PARTITION BY seen.pd) - 1) / 2.0 AS midrank
    FROM seen
    JOIN labelled ON labelled.loan_id = seen.loan_id
)
SELECT
    tier,
    count(*) AS n,
    sum(label) AS n_bad,
    sum(pd) AS expected,
    sum(pd * (1 - pd)) AS variance,
    sum((pd - label) ^ 2) AS squares,
    coalesce(sum(midrank) FILTER (WHERE label = 1), 0)::float8 AS rank_sum
FROM judged
GROUP BY tier
