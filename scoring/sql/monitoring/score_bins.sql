-- How the scores of a day are spread over the bins of the training.
-- Grain    one row per bin that holds a score; bin 0 lies below the first edge, a value on an edge above it.
-- Base     the scores of published runs, or of one that treated nobody.
-- Cost     one pass over the scores of the runs by their unique index.
SELECT width_bucket(seen.pd, %(edges)s::float8[]) AS bin, count(*) AS n
FROM (
    SELECT pd FROM scoring_score WHERE run_id = ANY(%(runs)s::bigint[])
    UNION ALL
    SELECT pd FROM scoring_shadowscore WHERE run_id = %(shadow)s::bigint
) AS seen
GROUP BY bin
ORDER BY bin
