-- How the features that a day's scores were given on are spread over the bins of the training.
-- Grain    one row per feature (by its place, from 1) and bin that holds a value; bin -1 is "no value".
-- Base     the vectors of every %(every)s-th loan of the runs: a hundred thousand loans say what a million do.
--          Without those later than `most_days_late`, where the training leaves these out.
-- Cost     one look-up of a vector and one row per feature for each loan of the sample.
WITH reference AS MATERIALIZED (
    SELECT place::integer AS place, ARRAY(SELECT jsonb_array_elements_text(edges)::float8) AS edges
    FROM jsonb_array_elements(%(edges)s::jsonb) WITH ORDINALITY AS given (edges, place)
),
seen AS (
    SELECT vector_id FROM scoring_score WHERE run_id = ANY(%(runs)s::bigint[]) AND mod(loan_id, %(every)s) = 0
    UNION ALL
    SELECT vector_id FROM scoring_shadowscore WHERE run_id = %(shadow)s::bigint AND mod(loan_id, %(every)s) = 0
)
SELECT
    one.place,
    CASE WHEN one.value IS NULL THEN -1 ELSE width_bucket(one.value, reference.edges) END AS bin,
    count(*) AS n
FROM seen
JOIN scoring_featurevector AS vector ON vector.id = seen.vector_id
CROSS JOIN LATERAL unnest(vector."values") WITH ORDINALITY AS one (value, place)
JOIN reference ON reference.place = one.place
WHERE (vector."values"[%(late_place)s::integer] > %(most_days_late)s::float8) IS NOT TRUE
GROUP BY one.place, bin
ORDER BY one.place, bin
