-- What a decision is made from, for every borrower who has none yet on the day.
--
-- Grain    one row per borrower with something overdue, a promise that is open or was broken, or an instalment due within 5
--          days; the loan that is longest overdue decides, amounts are summed over the borrower's loans of its currency.
--          Borrowers who have a recommendation of the day are left out: a second run adds nothing.
-- Amounts  where the lender's snapshots give days past due but not what is overdue, all that is outstanding stands for it.
-- Promise  the newest of the borrower's. A broken one counts until the borrower is spoken to again, for 30 days at most.
-- Score    the newest published score of the deciding loan by a model that is live, of the default purpose if there is one.
-- Leakage  entries count if effective_on <= day and booked_at <= known; figures are those of the refresh for that very day.
-- Cost     one pass over the day's delinquency, promises, contacts of open loans and current scores, joined by hash.

WITH owing AS (
    SELECT
        loan.borrower_id, loan.currency, figure.loan_id, figure.days_past_due, figure.oldest_unpaid_due_on,
        figure.next_due_on, figure.next_due_amount, figure.last_paid_on, figure.last_paid_amount,
        sum(coalesce(figure.overdue_amount, CASE WHEN figure.days_past_due > 0 THEN figure.outstanding_amount END, 0))
            OVER same_currency AS overdue_amount,
        count(*) FILTER (WHERE figure.overdue_amount > 0) OVER same_currency AS overdue_loans,
        row_number() OVER (
            PARTITION BY loan.borrower_id
            ORDER BY
                figure.days_past_due DESC, figure.overdue_amount DESC NULLS LAST, figure.next_due_on NULLS LAST,
                figure.loan_id
        ) AS place
    FROM borrowers_delinquency AS figure
    JOIN borrowers_loan AS loan ON loan.id = figure.loan_id
    WHERE figure.as_of = %(day)s AND is_owing(figure.bucket)
    WINDOW same_currency AS (PARTITION BY loan.borrower_id, loan.currency)
),
deciding AS (
    SELECT *, avg(overdue_amount) FILTER (WHERE overdue_amount > 0) OVER (PARTITION BY currency) AS mean_overdue_amount
    FROM owing
    WHERE place = 1
),
contacted AS (
    SELECT
        event.borrower_id, event.effective_on, event.channel, event.outcome, event.follow_up_on,
        row_number() OVER newest AS place,
        count(*) FILTER (WHERE event.channel <> 'inbound' AND event.effective_on > %(day)s - 30) OVER borrower
            AS attempts_in_30_days,
        max(event.effective_on) FILTER (WHERE event.reached_borrower) OVER borrower AS last_reached_on,
        max(event.effective_on) FILTER (WHERE event.outcome = 'dispute') OVER borrower AS disputed_on,
        max(event.effective_on) FILTER (WHERE event.outcome = 'hardship') OVER borrower AS hardship_on
    FROM borrowers_contactevent AS event
    WHERE event.effective_on <= %(day)s
        AND event.booked_at <= %(known)s
        AND NOT EXISTS (
            SELECT FROM borrowers_contactevent AS correction
            WHERE correction.corrects_id = event.id
                AND correction.effective_on <= %(day)s
                AND correction.booked_at <= %(known)s
        )
    WINDOW
        borrower AS (PARTITION BY event.borrower_id),
        newest AS (PARTITION BY event.borrower_id ORDER BY event.happened_at DESC, event.id DESC)
),
promised AS (
    SELECT DISTINCT ON (loan.borrower_id)
        loan.borrower_id, promise.amount, promise.due_on, promise.paid_amount, promise.state
    FROM promise_states(%(day)s, %(known)s) AS promise
    JOIN borrowers_loan AS loan ON loan.id = promise.loan_id
    ORDER BY loan.borrower_id, promise.made_on DESC, promise.promise_id DESC
),
scored AS (
    SELECT DISTINCT ON (score.loan_id)
        score.loan_id, score.id, score.pd, score.tier, model.name, model.purpose = 'default' AS is_default
    FROM scoring_score AS score
    JOIN scoring_scoringrun AS run ON run.id = score.run_id AND run.published_at IS NOT NULL AND run.as_of <= %(day)s
    JOIN scoring_modelversion AS model ON model.id = run.model_id AND model.purpose <> 'pays_30'
    JOIN scoring_deployment AS deployment ON deployment.model_id = model.id AND deployment.live_until IS NULL
    ORDER BY score.loan_id, model.purpose = 'default' DESC, score.id DESC
),
fact AS (
    SELECT
        deciding.*, contacted.effective_on AS last_contact_on, contacted.channel AS last_channel,
        contacted.outcome AS last_outcome, coalesce(contacted.attempts_in_30_days, 0) AS attempts_in_30_days,
        contacted.follow_up_on, contacted.disputed_on, contacted.hardship_on,
        CASE
            WHEN promised.state = 'open' THEN 'open'
            WHEN promised.state = 'broken'
                AND promised.due_on >= %(day)s - 30
                AND coalesce(contacted.last_reached_on <= promised.due_on, true)
                THEN 'broken'
            ELSE ''
        END AS promise,
        promised.amount AS promise_amount, promised.due_on AS promise_due_on, promised.paid_amount AS promise_paid_amount
    FROM deciding
    LEFT JOIN contacted ON contacted.borrower_id = deciding.borrower_id AND contacted.place = 1
    LEFT JOIN promised ON promised.borrower_id = deciding.borrower_id
)
SELECT
    fact.borrower_id, fact.loan_id, scored.id AS score_id,
    fact.currency, fact.days_past_due, fact.overdue_amount, fact.overdue_loans,
    coalesce(fact.mean_overdue_amount, 0) AS mean_overdue_amount, fact.oldest_unpaid_due_on, fact.next_due_on,
    fact.next_due_amount, fact.last_paid_on, fact.last_paid_amount,
    scored.pd, scored.tier, scored.name AS model, coalesce(scored.is_default, true) AS model_is_default,
    fact.promise, fact.promise_amount, fact.promise_due_on, fact.promise_paid_amount,
    fact.last_contact_on, fact.last_channel, fact.last_outcome, fact.attempts_in_30_days, fact.follow_up_on,
    fact.disputed_on, fact.hardship_on
FROM fact
LEFT JOIN scored ON scored.loan_id = fact.loan_id
WHERE (
        fact.days_past_due > 0
        OR fact.promise <> ''
        OR fact.next_due_on <= %(day)s + 5
    )
    AND NOT EXISTS (
        SELECT FROM recovery_recommendation AS made
        WHERE made.as_of = %(day)s AND made.borrower_id = fact.borrower_id
    )
ORDER BY fact.borrower_id
