-- What a decision is made from, for every borrower who has none yet on the day; for a replay, for every borrower.
--
-- Grain    one row per borrower with something past due, a promise that is open or was broken, or an instalment due within 5
--          days; the loan that is longest past due decides, amounts are summed over the borrower's loans of its currency.
--          Borrowers who have a recommendation of the day are left out, so that a second run adds nothing; a replay
--          (%(is_replay)s) takes them all.
-- Amounts  where snapshots give days past due but not what is overdue, all that is outstanding stands for it; NULL where they
--          give neither.
-- Figures  of the refresh for that very day; a replay computes them anew, as known at the end of its day.
-- Promise  the newest of the borrower's. A broken one counts until the borrower is spoken to again, for 30 days at most.
-- Plan     active, or waiting for approval, goes before broken; broken counts like a promise.
-- Attempts unanswered: by us since the borrower was last reached, in the last 90 days. Calls of the window and the last conversation
--          by telephone are what the limits of calls ask for; window and limits are those of the contact rule in force where the
--          borrower lives, NULL where there is none: then the gate has the only word.
-- Holds    those that stop every contact, of the person or of one of the borrower's debts, and the channels that are closed;
--          hardship that was reported makes vulnerable for 180 days.
-- Barred   by the limitation period, from the figures of the last refresh; asked only of loans more than a year past due.
-- Score    the newest published score of the deciding loan by a model that was live at `known`, of the default purpose if there
--          is one.
-- Leakage  entries count if effective_on <= day and booked_at <= known; scores if they were published by then, of that day or
--          before.
-- Cost     one pass over the day's figures, promises, contacts and scores, joined by hash; a replay adds the figures' own cost.

WITH figure AS (
    SELECT
        loan_id, days_past_due, bucket, instalments_past_due, oldest_unpaid_due_on, overdue_amount, outstanding_amount,
        next_due_on, next_due_amount, last_paid_on, last_paid_amount
    FROM borrowers_delinquency
    WHERE NOT %(is_replay)s AND as_of = %(day)s
    UNION ALL
    SELECT
        loan_id, days_past_due, bucket, instalments_past_due, oldest_unpaid_due_on, overdue_amount, outstanding_amount,
        next_due_on, next_due_amount, last_paid_on, last_paid_amount
    FROM delinquency_as_of(%(day)s, %(known)s)
    WHERE %(is_replay)s
),
owing AS (
    SELECT
        loan.borrower_id, loan.currency, figure.loan_id, figure.days_past_due, figure.oldest_unpaid_due_on,
        figure.next_due_on, figure.next_due_amount, figure.last_paid_on, figure.last_paid_amount, figure.bucket,
        figure.instalments_past_due, loan.product_id,
        -- What is asked for is never made up: where a late loan's part is not told, the sum is not known.
        CASE
            WHEN NOT bool_or(figure.days_past_due > 0 AND figure.overdue_amount IS NULL) OVER same_currency
                THEN sum(coalesce(figure.overdue_amount, 0)) OVER same_currency
        END AS overdue_amount,
        sum(figure.outstanding_amount) OVER same_currency AS outstanding_amount,
        count(*) FILTER (WHERE figure.days_past_due > 0) OVER same_currency AS overdue_loans,
        row_number() OVER (
            PARTITION BY loan.borrower_id
            ORDER BY
                figure.days_past_due DESC, figure.overdue_amount DESC NULLS LAST, figure.next_due_on NULLS LAST, figure.loan_id
        ) AS place
    FROM figure
    JOIN borrowers_loan AS loan ON loan.id = figure.loan_id
    WHERE is_owing(figure.bucket)
    WINDOW same_currency AS (PARTITION BY loan.borrower_id, loan.currency)
),
deciding AS (
    SELECT
        *,
        avg(coalesce(overdue_amount, outstanding_amount)) FILTER (WHERE coalesce(overdue_amount, outstanding_amount) > 0)
            OVER (PARTITION BY currency) AS mean_overdue_amount
    FROM owing
    WHERE place = 1
),
rule AS MATERIALIZED (
    SELECT place.jurisdiction, found.call_limit, found.call_days, found.conversation_wait_days
    FROM (SELECT DISTINCT jurisdiction FROM borrowers_borrower) AS place
    CROSS JOIN LATERAL contact_rule_of(place.jurisdiction, contact_profile(), %(day)s) AS found
    WHERE found.id IS NOT NULL
),
contacted AS (
    SELECT
        event.borrower_id, event.effective_on, event.channel, event.outcome, event.follow_up_on, event.reached_borrower,
        row_number() OVER newest AS place,
        count(*) FILTER (WHERE event.channel <> 'inbound' AND event.effective_on > %(day)s - 30) OVER borrower
            AS attempts_in_30_days,
        max(event.effective_on) FILTER (WHERE event.reached_borrower) OVER borrower AS last_reached_on,
        count(*) FILTER (
            WHERE event.channel = 'call'
                AND event.effective_on > %(day)s - coalesce(rule.call_days, 7)
                AND event.is_connected IS DISTINCT FROM false
        ) OVER borrower AS calls_in_window,
        max(event.effective_on) FILTER (WHERE event.reached_borrower AND event.channel IN ('call', 'inbound')) OVER borrower
            AS last_conversation_on,
        max(event.effective_on) FILTER (WHERE event.outcome = 'dispute') OVER borrower AS disputed_on,
        max(event.effective_on) FILTER (WHERE event.outcome = 'hardship') OVER borrower AS hardship_on
    FROM borrowers_contactevent AS event
    JOIN borrowers_borrower AS person ON person.id = event.borrower_id
    LEFT JOIN rule ON rule.jurisdiction = person.jurisdiction
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
unanswered AS (
    SELECT attempt.borrower_id, count(*) AS attempts, min(attempt.effective_on) AS first_on
    FROM contacted AS attempt
    WHERE attempt.channel <> 'inbound'
        AND NOT attempt.reached_borrower
        AND attempt.effective_on > greatest(attempt.last_reached_on, %(day)s - 90)
    GROUP BY attempt.borrower_id
),
held AS (
    SELECT
        borrower_id,
        array_agg(DISTINCT kind::text ORDER BY kind::text) FILTER (WHERE kind <> 'do_not_contact') AS kinds,
        array_agg(DISTINCT channel::text ORDER BY channel::text) FILTER (WHERE kind = 'do_not_contact') AS channels
    FROM (
        SELECT borrower_id, kind, channel
        FROM holds_on(%(day)s, %(known)s)
        WHERE kind NOT IN ('inconvenient_time', 'inconvenient_place')
        UNION ALL
        SELECT loan.borrower_id, 'bankruptcy', ''
        FROM borrowers_loanevent AS event
        JOIN borrowers_loan AS loan ON loan.id = event.loan_id
        WHERE event.kind = 'bankruptcy'
            AND event.effective_on <= %(day)s
            AND event.booked_at <= %(known)s
            AND NOT EXISTS (
                SELECT FROM borrowers_loanevent AS later
                WHERE later.revokes_id = event.id AND later.effective_on <= %(day)s AND later.booked_at <= %(known)s
            )
    ) AS standing
    GROUP BY borrower_id
),
promised AS (
    SELECT DISTINCT ON (loan.borrower_id)
        loan.borrower_id, promise.amount, promise.due_on, promise.paid_amount, promise.state
    FROM promise_states(%(day)s, %(known)s) AS promise
    JOIN borrowers_loan AS loan ON loan.id = promise.loan_id
    ORDER BY loan.borrower_id, promise.made_on DESC, promise.promise_id DESC
),
planned AS (
    SELECT DISTINCT ON (loan.borrower_id)
        loan.borrower_id, plan.state, plan.since, plan.next_due_on, plan.next_due_amount
    FROM plan_progress(%(day)s, %(known)s) AS plan
    JOIN borrowers_loan AS loan ON loan.id = plan.loan_id
    WHERE plan.state IN ('waiting', 'active', 'defaulted')
    ORDER BY loan.borrower_id, plan.state = 'defaulted', plan.plan_id DESC
),
scored AS (
    SELECT DISTINCT ON (score.loan_id)
        score.loan_id, score.id, score.pd, score.tier, model.name, model.feature_set,
        model.purpose = 'default' AS is_default
    FROM scoring_score AS score
    JOIN scoring_scoringrun AS run
        ON run.id = score.run_id AND run.published_at <= %(known)s AND run.as_of <= %(day)s
    JOIN scoring_modelversion AS model ON model.id = run.model_id AND model.purpose <> 'pays_30'
    JOIN scoring_deployment AS deployment
        ON deployment.model_id = model.id
        AND deployment.live_from <= %(known)s
        AND (deployment.live_until IS NULL OR deployment.live_until > %(known)s)
    ORDER BY score.loan_id, model.purpose = 'default' DESC, score.id DESC
),
fact AS (
    SELECT
        deciding.*, contacted.effective_on AS last_contact_on, contacted.channel AS last_channel,
        contacted.outcome AS last_outcome, coalesce(contacted.attempts_in_30_days, 0) AS attempts_in_30_days,
        contacted.follow_up_on, contacted.disputed_on, contacted.hardship_on, contacted.last_conversation_on,
        coalesce(contacted.calls_in_window, 0) AS calls_in_window,
        coalesce(unanswered.attempts, 0) AS attempts_unanswered, unanswered.first_on AS first_unanswered_on,
        coalesce(held.kinds, '{}') AS holds, coalesce(held.channels, '{}') AS closed_channels,
        deciding.days_past_due > 365
            AND EXISTS (SELECT FROM time_barred_since(deciding.loan_id, %(day)s)) AS is_time_barred,
        coalesce(contacted.hardship_on > %(day)s - 180, false) AS is_vulnerable,
        CASE
            WHEN planned.state IN ('waiting', 'active') THEN planned.state
            -- a plan counts as broken for a month, or until the borrower is spoken to
            WHEN planned.since > %(day)s - 30 AND coalesce(contacted.last_reached_on < planned.since, true) THEN 'broken'
            ELSE ''
        END AS plan,
        planned.next_due_on AS plan_due_on, planned.next_due_amount AS plan_due_amount,
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
    LEFT JOIN planned ON planned.borrower_id = deciding.borrower_id
    LEFT JOIN unanswered ON unanswered.borrower_id = deciding.borrower_id
    LEFT JOIN held ON held.borrower_id = deciding.borrower_id
)
SELECT
    fact.borrower_id, fact.loan_id, scored.id AS score_id,
    coalesce(nullif(borrower.household, ''), 'borrower ' || fact.borrower_id) AS household,
    fact.currency, fact.days_past_due, fact.bucket, product.code AS product, fact.instalments_past_due, fact.overdue_amount,
    fact.outstanding_amount, fact.overdue_loans, coalesce(fact.mean_overdue_amount, 0) AS mean_overdue_amount, fact.oldest_unpaid_due_on, fact.next_due_on,
    fact.next_due_amount, fact.last_paid_on, fact.last_paid_amount,
    scored.pd, scored.tier, scored.name AS model, scored.feature_set, coalesce(scored.is_default, true) AS model_is_default,
    fact.plan, fact.plan_due_on, fact.plan_due_amount, fact.promise, fact.promise_amount, fact.promise_due_on, fact.promise_paid_amount,
    fact.last_contact_on, fact.last_channel, fact.last_outcome, fact.attempts_in_30_days, fact.follow_up_on,
    fact.attempts_unanswered, fact.first_unanswered_on, fact.calls_in_window, fact.last_conversation_on,
    rule.call_limit, coalesce(rule.call_days, 7) AS call_days, rule.conversation_wait_days,
    fact.disputed_on, fact.hardship_on, fact.holds, fact.closed_channels, fact.is_vulnerable,
    fact.is_time_barred
FROM fact
JOIN borrowers_borrower AS borrower ON borrower.id = fact.borrower_id
JOIN borrowers_product AS product ON product.id = fact.product_id
LEFT JOIN rule ON rule.jurisdiction = borrower.jurisdiction
LEFT JOIN scored ON scored.loan_id = fact.loan_id
WHERE (
        fact.days_past_due > 0
        OR fact.promise <> ''
        OR fact.plan = 'broken'
        OR fact.next_due_on <= %(day)s + 5
    )
    AND NOT EXISTS (
        SELECT FROM recovery_recommendation AS made
        WHERE NOT %(is_replay)s AND made.as_of = %(day)s AND made.borrower_id = fact.borrower_id
    )
ORDER BY fact.borrower_id
