-- What was collected from late loans, and what it cost.
-- Grain:   one row per currency and pair of month ends.
-- Base:    loans late at the first month end that owe. Assigned is all they owed then: principal, and interest and fees overdue
--          (a snapshot's balance). Collected is their cleared money of the month, reversals taken off. Loans kept as snapshots
--          have no payments: they are counted apart and are in no amount.
--          Contacts are all with borrowers of the base in the month, each once, corrected ones left out; each costs what its
--          channel costs in its currency since the latest day on or before it; unknown minutes that cost make it unknown.
-- Cost:    one pass over the snapshots of the months, payments and contacts by index or in one pass each.
-- Leakage: none to speak of: it reports and feeds no model.
WITH pair AS (
    SELECT from_day, to_day
    FROM unnest(%(from_days)s::date[], %(to_days)s::date[]) AS pair (from_day, to_day)
),
late AS MATERIALIZED (
    SELECT
        pair.from_day, pair.to_day, loan.currency, before.loan_id, loan.borrower_id, before.days_past_due,
        loan.bookkeeping = 'ledger' AS has_payments,
        coalesce(
            before.outstanding_principal_amount + before.overdue_amount - before.overdue_principal_amount,
            before.outstanding_amount
        ) AS exposure_amount
    FROM pair
    JOIN borrowers_monthendsnapshot AS before
        ON before.as_of = pair.from_day
        AND is_owing(before.bucket)
        AND before.days_past_due > 0
    JOIN loans_asked_for(%(currency)s, %(product)s, %(team)s, %(segment)s, %(segment_value)s) AS loan
        ON loan.id = before.loan_id
),
assigned AS (
    SELECT
        currency, from_day, to_day,
        count(*) AS n_loans,
        count(*) FILTER (WHERE NOT has_payments) AS n_without_payments,
        sum(exposure_amount) FILTER (WHERE has_payments) AS assigned_amount
    FROM late
    GROUP BY currency, from_day, to_day
),
collected AS (
    SELECT late.currency, late.from_day, sum(payment.amount) AS collected_amount
    FROM late
    JOIN borrowers_payment AS payment
        ON payment.loan_id = late.loan_id
        AND payment.effective_on > late.from_day
        AND payment.effective_on <= late.to_day
        AND payment.booked_at <= %(known_at)s
        AND payment.status = 'cleared'
    WHERE late.has_payments
    GROUP BY late.currency, late.from_day
),
contacted AS (
    SELECT DISTINCT ON (event.id) event.id, event.channel, event.effective_on, event.talk_minutes, event.wrap_up_minutes, late.currency,
        late.from_day
    FROM late
    JOIN borrowers_contactevent AS event
        ON event.borrower_id = late.borrower_id
        AND (event.loan_id IS NULL OR event.loan_id = late.loan_id)
        AND event.effective_on > late.from_day
        AND event.effective_on <= late.to_day
        AND event.booked_at <= %(known_at)s
        AND NOT EXISTS (SELECT FROM borrowers_contactevent AS correction WHERE correction.corrects_id = event.id)
    ORDER BY event.id, late.days_past_due DESC, late.loan_id
),
spent AS (
    SELECT
        contacted.currency, contacted.from_day,
        count(*) AS n_contacts,
        count(*) - count(price.cost_amount) AS n_without_cost,
        sum(price.cost_amount) AS cost_amount
    FROM contacted
    LEFT JOIN LATERAL (
        SELECT cost.cost_amount + CASE
            WHEN cost.minute_amount = 0 THEN 0
            ELSE cost.minute_amount * (contacted.talk_minutes + coalesce(contacted.wrap_up_minutes, 0))
        END AS cost_amount
        FROM borrowers_contactcost AS cost
        WHERE cost.channel = contacted.channel
            AND cost.currency = contacted.currency
            AND cost.since <= contacted.effective_on
        ORDER BY cost.since DESC
        LIMIT 1
    ) AS price ON true
    GROUP BY contacted.currency, contacted.from_day
)
SELECT
    assigned.*,
    CASE WHEN assigned.n_loans > assigned.n_without_payments THEN coalesce(collected.collected_amount, 0) END
        AS collected_amount,
    coalesce(spent.n_contacts, 0) AS n_contacts,
    coalesce(spent.n_without_cost, 0) AS n_without_cost,
    CASE WHEN coalesce(spent.n_without_cost, 0) = 0 THEN coalesce(spent.cost_amount, 0) END AS cost_amount
FROM assigned
LEFT JOIN collected ON collected.currency = assigned.currency AND collected.from_day = assigned.from_day
LEFT JOIN spent ON spent.currency = assigned.currency AND spent.from_day = assigned.from_day
ORDER BY 1, 2
