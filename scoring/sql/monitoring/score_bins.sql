-- How the scores of a day are spread over the bins of the training.
-- Grain    one row per bin that holds a score; bin 0 lies below the first edge, a value on an edge above it. Bin -1 holds the
--          loans of which no training row is: later than `most_days_late`, where the training leaves these out.
-- Base     the scores of published runs, or of one that treated nobody.
-- Cost     one pass over the scores of the runs by their unique index, and one look-up of a vector for each.
SELECT
    CASE
        WHEN vector."values"[%(late_place)s::integer] > %(most_days_late)s::float8 THEN -1
        ELSE width_bucket(seen.pd, %(edges)s::float8[])
    END AS bin,
    count(*) AS n
FROM (
    SELECT pd, vector_id FROM scoring_score WHERE run_id = ANY(%(runs)s::bigint[])
    UNION ALL
    SELECT pd, vector_id FROM scoring_shadowscore WHERE run_id = %(shadow)s::bigint
) AS seen
JOIN scoring_featurevector AS vector ON vector.id = seen.vector_id
GROUP BY bin
ORDER BY bin
