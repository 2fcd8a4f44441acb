-- Compare the core system's figures, staged in core_figure, with ours of a day.
--
-- Grain    one row per loan that either side has and on which they differ; loans that agree are only counted (see the last
--          statement). A loan of ours that the file lacks is a difference where it still owes.
-- Cost     one call of delinquency_as_of for all loans and two hash joins.

-- name: figures
CREATE TEMPORARY TABLE our_figure ON COMMIT DROP AS
SELECT
    figure.loan_id, loan.external_id, loan.currency, figure.days_past_due, figure.bucket,
    CASE WHEN %(principal)s THEN figure.outstanding_principal_amount ELSE figure.outstanding_amount END AS balance_amount
FROM delinquency_as_of(%(day)s::date, %(known)s::timestamptz) AS figure
JOIN borrowers_loan AS loan ON loan.id = figure.loan_id;

-- name: look
ANALYZE our_figure;

-- name: differences
SELECT
    ours.loan_id, coalesce(core.external_id, ours.external_id) AS loan_reference, ours.currency,
    core.days_past_due AS core_days_past_due, core.balance_amount AS core_balance_amount,
    ours.days_past_due AS our_days_past_due, ours.balance_amount AS our_balance_amount,
    core.external_id IS NULL AS is_missing_there
FROM core_figure AS core
FULL JOIN our_figure AS ours ON ours.external_id = core.external_id
WHERE CASE
    WHEN ours.external_id IS NULL THEN true
    WHEN core.external_id IS NULL THEN ours.bucket IN ('current', '1-30', '31-60', '61-90', '91+')
    ELSE (core.days_past_due IS NOT NULL AND core.days_past_due IS DISTINCT FROM ours.days_past_due)
        OR (core.balance_amount IS NOT NULL AND core.balance_amount IS DISTINCT FROM ours.balance_amount)
END
ORDER BY 2;

-- name: totals
SELECT
    coalesce(ours.currency, '') AS currency,
    count(core.external_id) AS n_core,
    count(ours.external_id) FILTER (
        WHERE core.external_id IS NOT NULL OR ours.bucket IN ('current', '1-30', '31-60', '61-90', '91+')
    ) AS n_ours,
    count(*) FILTER (WHERE core.days_past_due > 0) AS n_core_late,
    count(*) FILTER (WHERE ours.days_past_due > 0) AS n_our_late,
    coalesce(sum(core.balance_amount), 0) AS core_balance_amount,
    coalesce(
        sum(ours.balance_amount) FILTER (
            WHERE core.balance_amount IS NOT NULL
                OR core.external_id IS NULL AND ours.bucket IN ('current', '1-30', '31-60', '61-90', '91+')
        ), 0
    ) AS our_balance_amount
FROM core_figure AS core
FULL JOIN our_figure AS ours ON ours.external_id = core.external_id
GROUP BY 1
ORDER BY 1;
