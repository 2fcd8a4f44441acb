-- Whether any loan has two published scores of the purpose, so that a rise can be told.
-- Grain:   one row.
-- Base:    runs of several segments of one day share no loan, so that they are one scoring; a run over again is another.
-- Cost:    ends at the first loan found: an index look-up per score until then. One run alone is not looked into.
-- Leakage: none: scores of later days, or published after what was known, are left out.
WITH counted AS MATERIALIZED (
    SELECT run.id
    FROM scoring_scoringrun AS run
    JOIN scoring_modelversion AS model ON model.id = run.model_id
    WHERE model.purpose = %(purpose)s AND run.as_of <= %(as_of)s AND run.published_at <= %(known_at)s AND run.n_scored > 0
)
SELECT (SELECT count(*) FROM counted) > 1 AND EXISTS (
    SELECT
    FROM scoring_score AS later
    WHERE later.run_id IN (SELECT id FROM counted)
        AND EXISTS (
            SELECT
            FROM scoring_score AS earlier
            WHERE earlier.loan_id = later.loan_id AND earlier.id < later.id AND earlier.run_id IN (SELECT id FROM counted)
        )
) AS is_known
