-- Loans whose probability of default rose significantly.
-- Grain:   one row per loan.
-- Base:    loans with two published scores of the purpose at least. A rise is significant where the newest PD is a multiple of
--          the first one, and higher by an absolute step besides, so that 0.001 to 0.003 is none.
-- Cost:    one pass over the published scores up to the day.
-- Leakage: none: scores of later days, or published after what was known, are left out.
WITH ranked AS (
    SELECT
        score.loan_id,
        first_value(score.pd) OVER (PARTITION BY score.loan_id ORDER BY run.as_of, score.id) AS first_pd,
        score.pd,
        count(*) OVER (PARTITION BY score.loan_id) AS n_scores,
        row_number() OVER (PARTITION BY score.loan_id ORDER BY run.as_of DESC, score.id DESC) AS age
    FROM scoring_score AS score
    JOIN scoring_scoringrun AS run ON run.id = score.run_id
    JOIN scoring_modelversion AS model ON model.id = run.model_id
    WHERE model.purpose = %(purpose)s AND run.as_of <= %(as_of)s AND run.published_at <= %(known_at)s
)
SELECT loan_id
FROM ranked
WHERE age = 1 AND n_scores > 1 AND pd >= first_pd * %(multiple)s AND pd >= first_pd + %(step)s
ORDER BY loan_id
