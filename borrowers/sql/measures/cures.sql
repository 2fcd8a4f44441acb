-- What became of loans that were late at a month end.
-- Grain:   one row per currency, month end and band of days past due at it.
-- Base:    loans late at the month end that owe; month ends whose follow-up, some months later, was not kept are absent.
-- Rules    touched    0 days past due at the follow-up, still owing.   paid_in_full   paid off by the follow-up.
--          sustained  0 days past due at every month end from the follow-up to the first one that lies 90 days after it or
--                     behind three instalments due, without write-off, sale or new terms; paid in full on the way counts. After
--                     a distressed restructure the zero must last until 12 months behind it: till then on probation.
--          failed     late again, written off, sold or given new terms before that.   pending   time has not told yet.
--          self       no treatment: no contact by the lender since the arrears began, attempts included; the borrower's own
--                     calls are none.
--          redefaulted   of the touched: 91+ or written off at a month end up to redefault_until.
-- Cost:    two passes over snapshots, then per touched loan its later snapshots, schedule versions and three instalments by index.
-- Leakage: it looks ahead by nature: it measures and feeds no model. Snapshots hold what was known when their month ended.
WITH pair AS (
    SELECT from_day, touch_day, redefault_until
    FROM unnest(%(from_days)s::date[], %(to_days)s::date[], %(redefault_days)s::date[])
        AS pair (from_day, touch_day, redefault_until)
    WHERE EXISTS (SELECT FROM borrowers_monthendsnapshot AS kept WHERE kept.as_of = pair.touch_day)
),
late AS MATERIALIZED (
    SELECT
        before.loan_id, loan.currency, loan.borrower_id, pair.from_day, pair.touch_day, pair.redefault_until,
        before.days_past_due AS days_late,
        width_bucket(before.days_past_due, %(lower_edges)s::integer[]) AS band,
        after.loan_id IS NULL OR after.bucket IN ('sold', 'closed', 'unknown') AS has_left,
        coalesce(after.bucket = 'current', false) AS is_touched,
        coalesce(after.bucket = 'paid_off', false) AS is_paid_in_full
    FROM pair
    JOIN borrowers_monthendsnapshot AS before
        ON before.as_of = pair.from_day
        AND is_owing(before.bucket)
        AND before.days_past_due > 0
    JOIN loans_asked_for(%(currency)s, %(product)s, %(team)s, %(segment)s, %(segment_value)s) AS loan
        ON loan.id = before.loan_id
    LEFT JOIN borrowers_monthendsnapshot AS after ON after.as_of = pair.touch_day AND after.loan_id = before.loan_id
),
touched AS MATERIALIZED (
    SELECT
        late.loan_id, late.from_day, late.touch_day, late.redefault_until,
        terms.distressed_on,
        terms.renewed_on,
        (
            SELECT instalment.due_on
            FROM borrowers_instalment AS instalment
            WHERE instalment.due_on > late.touch_day
                AND instalment.schedule_id = (
                    SELECT schedule.id
                    FROM borrowers_scheduleversion AS schedule
                    WHERE schedule.loan_id = late.loan_id
                        AND schedule.effective_on <= late.touch_day
                        AND schedule.booked_at <= %(known_at)s
                    ORDER BY schedule.version DESC
                    LIMIT 1
                )
            ORDER BY instalment.due_on
            OFFSET 2 LIMIT 1
        ) AS third_due_on
    FROM late
    CROSS JOIN LATERAL (
        SELECT
            max(effective_on) FILTER (WHERE is_distressed AND effective_on <= late.touch_day) AS distressed_on,
            min(effective_on) FILTER (WHERE effective_on > late.touch_day) AS renewed_on
        FROM borrowers_scheduleversion
        WHERE loan_id = late.loan_id
            AND reason IN ('deferral', 're_age', 'restructure')
            AND effective_on <= %(last_day)s
            AND booked_at <= %(known_at)s
    ) AS terms
    WHERE late.is_touched
),
told AS (
    SELECT
        touched.loan_id, touched.from_day, touched.renewed_on,
        min(later.as_of) FILTER (
            WHERE later.days_past_due > 0 OR later.bucket IN ('written_off', 'sold', 'closed')
        ) AS broken_on,
        min(later.as_of) FILTER (
            WHERE later.bucket = 'current'
                AND (later.as_of >= touched.touch_day + 90 OR later.as_of > touched.third_due_on)
                OR later.bucket = 'paid_off'
        ) AS ordinary_proof_on,
        min(later.as_of) FILTER (
            WHERE later.bucket = 'current'
                AND (later.as_of >= touched.touch_day + 90 OR later.as_of > touched.third_due_on)
                AND (touched.distressed_on IS NULL OR later.as_of >= touched.distressed_on + interval '12 months')
                OR later.bucket = 'paid_off'
        ) AS proof_on,
        bool_or(
            (later.days_past_due > 90 AND is_owing(later.bucket) OR later.bucket = 'written_off')
            AND later.as_of <= touched.redefault_until
        ) AS is_redefaulted
    FROM touched
    LEFT JOIN borrowers_monthendsnapshot AS later
        ON later.loan_id = touched.loan_id AND later.as_of > touched.touch_day AND later.as_of <= %(last_day)s
    GROUP BY touched.loan_id, touched.from_day, touched.touch_day, touched.renewed_on
),
judged AS (
    SELECT
        loan_id, from_day, is_redefaulted,
        CASE
            WHEN least(broken_on, renewed_on) <= coalesce(proof_on, 'infinity') THEN 'failed'
            WHEN proof_on IS NOT NULL THEN 'sustained'
            WHEN ordinary_proof_on IS NOT NULL THEN 'probation'
            ELSE 'pending'
        END AS verdict
    FROM told
),
treated AS (
    SELECT
        late.*,
        (late.is_touched OR late.is_paid_in_full) AND NOT EXISTS (
            SELECT
            FROM borrowers_contactevent AS event
            WHERE event.borrower_id = late.borrower_id
                AND (event.loan_id IS NULL OR event.loan_id = late.loan_id)
                AND event.channel <> 'inbound'
                AND event.effective_on > late.from_day - late.days_late
                AND event.effective_on <= late.touch_day
                AND event.booked_at <= %(known_at)s
                AND NOT EXISTS (
                    SELECT FROM borrowers_contactevent AS correction WHERE correction.corrects_id = event.id
                )
        ) AS is_self
    FROM late
)
SELECT
    treated.currency,
    treated.from_day,
    treated.touch_day,
    treated.band,
    count(*) AS n_late,
    count(*) FILTER (WHERE has_left) AS n_left,
    count(*) FILTER (WHERE is_touched) AS n_touched,
    count(*) FILTER (WHERE is_touched AND is_self) AS n_self_touched,
    count(*) FILTER (WHERE is_paid_in_full) AS n_paid_in_full,
    count(*) FILTER (WHERE is_paid_in_full AND is_self) AS n_self_paid_in_full,
    count(*) FILTER (WHERE judged.verdict = 'sustained') AS n_sustained,
    count(*) FILTER (WHERE judged.verdict = 'sustained' AND is_self) AS n_self_sustained,
    count(*) FILTER (WHERE judged.verdict = 'failed') AS n_failed,
    count(*) FILTER (WHERE judged.verdict = 'probation') AS n_probation,
    count(*) FILTER (WHERE judged.verdict = 'pending') AS n_pending,
    count(*) FILTER (WHERE judged.is_redefaulted) AS n_redefaulted
FROM treated
LEFT JOIN judged ON judged.loan_id = treated.loan_id AND judged.from_day = treated.from_day
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 4
