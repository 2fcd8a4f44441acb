-- Bring the staged rows into the books: every statement here runs in the one transaction that publishes an import.
--
-- Grain    new_borrower and new_loan hold one row per external_id; staged_instalment one per loan and number; staged_payment
--          one per external_id. All checks have passed.
-- Cost     set-based, linear in the staged rows; the books are only read where they know the same external_id.
-- Ledger   nothing of it is changed: a payment that differs is reversed and entered anew, a schedule that differs gets a new
--          version, a write-off of another day is revoked and told anew. A field of a borrower or loan that the files leave
--          empty keeps its value.
-- Facts    %(now)s is the instant of the import; %(zone)s the lender's zone, in which days end; %(closed)s the business date
--          before the import (or null): entries of days closed by then were not known on their day, so they are booked now,
--          unless %(on_their_day)s says that the files are old books; %(bookkeeping)s how loans are kept that do not say.
-- Slices   what has %(first)s and %(last)s runs once per range of pages of its staging table, so that the server's memory for
--          foreign keys and statement triggers is that of one slice, however many rows there are. Foreign keys are checked at once.
-- Tables   made here live within the transaction only, so they are unlogged.
-- Counts   the row counts of insert_, update_ and count_ statements make the report.

-- name: insert_products
INSERT INTO borrowers_product (code, name, tolerance_amount, kind)
SELECT product, product, 0, coalesce(max(product_kind), 'instalment') FROM new_loan GROUP BY product
ON CONFLICT (code) DO NOTHING;

-- name: update_borrowers
UPDATE borrowers_borrower AS b
SET full_name = coalesce(s.full_name, b.full_name),
    birth_date = coalesce(s.birth_date, b.birth_date),
    language = coalesce(s.language, b.language),
    time_zone = coalesce(s.time_zone, b.time_zone),
    jurisdiction = coalesce(s.jurisdiction, b.jurisdiction),
    household = coalesce(s.household, b.household),
    team_id = coalesce(t.id, b.team_id),
    attributes = b.attributes || s.attributes
FROM new_borrower AS s
LEFT JOIN accounts_team AS t ON t.name = s.team
WHERE b.external_id = s.external_id
    AND (
        s.full_name <> b.full_name
        OR s.birth_date IS NOT NULL AND s.birth_date IS DISTINCT FROM b.birth_date
        OR s.language <> b.language
        OR s.time_zone <> b.time_zone
        OR s.jurisdiction <> b.jurisdiction
        OR s.household <> b.household
        OR t.id IS NOT NULL AND t.id IS DISTINCT FROM b.team_id
        OR NOT b.attributes @> s.attributes
        OR EXISTS (
            SELECT FROM (VALUES ('phone', s.phone), ('email', s.email), ('address', s.address)) AS said (kind, value)
            WHERE said.value IS NOT NULL AND NOT EXISTS (
                SELECT FROM borrowers_contactpoint AS c
                WHERE c.borrower_id = b.id AND c.kind = said.kind AND c.value = said.value
            )
        )
    );

-- name: insert_borrowers
INSERT INTO borrowers_borrower
    (external_id, full_name, birth_date, language, time_zone, jurisdiction, household, team_id, attributes, is_simulated, created_at)
SELECT
    s.external_id, coalesce(s.full_name, ''), s.birth_date, coalesce(s.language, ''), coalesce(s.time_zone, ''),
    coalesce(s.jurisdiction, ''), coalesce(s.household, ''), coalesce(t.id, %(team)s), s.attributes, false, %(now)s
FROM new_borrower AS s
LEFT JOIN accounts_team AS t ON t.name = s.team
WHERE NOT EXISTS (SELECT FROM borrowers_borrower AS b WHERE b.external_id = s.external_id);

-- name: insert_contact_points
INSERT INTO borrowers_contactpoint (borrower_id, kind, value, is_preferred)
SELECT b.id, said.kind, said.value, false
FROM new_borrower AS s
JOIN borrowers_borrower AS b USING (external_id)
CROSS JOIN LATERAL (VALUES ('phone', s.phone), ('email', s.email), ('address', s.address)) AS said (kind, value)
WHERE said.value IS NOT NULL
ON CONFLICT DO NOTHING;

-- name: note_loans_to_update
CREATE UNLOGGED TABLE updated_loan AS
SELECT l.id
FROM borrowers_loan AS l
JOIN new_loan AS s USING (external_id)
JOIN borrowers_product AS p ON p.code = s.product
WHERE (l.approved_on, l.product_id) IS DISTINCT FROM (s.approved_on, p.id)
    OR s.principal_amount IS NOT NULL AND s.principal_amount IS DISTINCT FROM l.principal_amount
    OR s.credit_limit_amount IS NOT NULL AND s.credit_limit_amount IS DISTINCT FROM l.credit_limit_amount
    OR s.bookkeeping <> l.bookkeeping
    OR s.annual_interest_ratio IS NOT NULL AND s.annual_interest_ratio IS DISTINCT FROM l.annual_interest_ratio
    OR s.term_days IS NOT NULL AND s.term_days IS DISTINCT FROM l.term_days
    OR s.approved_at IS NOT NULL AND s.approved_at IS DISTINCT FROM l.approved_at
    OR s.written_off_on IS NOT NULL AND NOT EXISTS (
        SELECT FROM borrowers_loanevent AS e
        WHERE e.loan_id = l.id AND e.kind = 'written_off' AND e.effective_on = s.written_off_on
    )
    OR NOT l.attributes @> s.attributes;

-- name: update_loans
UPDATE borrowers_loan AS l
SET principal_amount = coalesce(s.principal_amount, l.principal_amount),
    credit_limit_amount = coalesce(s.credit_limit_amount, l.credit_limit_amount),
    bookkeeping = coalesce(s.bookkeeping, l.bookkeeping),
    approved_on = s.approved_on,
    product_id = p.id,
    annual_interest_ratio = coalesce(s.annual_interest_ratio, l.annual_interest_ratio),
    term_days = coalesce(s.term_days, l.term_days),
    approved_at = coalesce(s.approved_at, l.approved_at),
    attributes = l.attributes || s.attributes
FROM new_loan AS s
JOIN borrowers_product AS p ON p.code = s.product
WHERE l.external_id = s.external_id AND l.id IN (SELECT id FROM updated_loan);

-- name: note_loans_to_insert
CREATE UNLOGGED TABLE inserted_loan AS
SELECT external_id FROM new_loan AS s
WHERE NOT EXISTS (SELECT FROM borrowers_loan AS l WHERE l.external_id = s.external_id);

-- name: insert_loans
INSERT INTO borrowers_loan
    (external_id, borrower_id, product_id, bookkeeping, currency, principal_amount, credit_limit_amount, annual_interest_ratio,
    term_days, approved_on, approved_at, attributes, booked_at)
SELECT
    s.external_id, b.id, p.id, coalesce(s.bookkeeping, %(bookkeeping)s), s.currency, s.principal_amount, s.credit_limit_amount,
    s.annual_interest_ratio, s.term_days, s.approved_on, s.approved_at, s.attributes,
    coalesce(
        s.booked_at,
        CASE
            WHEN NOT %(on_their_day)s AND s.approved_on <= %(closed)s THEN %(now)s
            ELSE least(coalesce(
                s.approved_at,
                ((s.approved_on + 1)::timestamp AT TIME ZONE %(zone)s) - interval '1 microsecond'
            ), %(now)s)
        END
    )
FROM new_loan AS s
JOIN inserted_loan USING (external_id)
JOIN borrowers_borrower AS b ON b.external_id = s.borrower
JOIN borrowers_product AS p ON p.code = s.product;

-- name: note_new_loans
CREATE UNLOGGED TABLE new_loan_id AS
SELECT l.id FROM inserted_loan JOIN borrowers_loan AS l USING (external_id);

-- name: note_touched_loans
-- Loans that were in the books and of which entering.py brings something new.
CREATE UNLOGGED TABLE touched_loan (loan_id bigint);

-- name: find_write_offs
-- A write-off of the same day that people revoked is left revoked.
CREATE UNLOGGED TABLE new_write_off AS
SELECT l.id AS loan_id, s.written_off_on
FROM new_loan AS s
JOIN borrowers_loan AS l USING (external_id)
WHERE s.written_off_on IS NOT NULL AND NOT EXISTS (
    SELECT FROM borrowers_loanevent AS e
    WHERE e.loan_id = l.id AND e.kind = 'written_off' AND e.effective_on = s.written_off_on
);

-- name: revoke_write_offs
INSERT INTO borrowers_loanevent (loan_id, kind, effective_on, booked_at, revokes_id, recorded_by_id)
SELECT e.loan_id, 'revoked', e.effective_on, greatest(%(now)s, e.booked_at), e.id, %(by)s
FROM new_write_off
JOIN borrowers_loanevent AS e USING (loan_id)
WHERE e.kind = 'written_off' AND NOT EXISTS (SELECT FROM borrowers_loanevent AS r WHERE r.revokes_id = e.id);

-- name: insert_write_offs
INSERT INTO borrowers_loanevent (loan_id, kind, effective_on, booked_at, recorded_by_id)
SELECT
    loan_id, 'written_off', written_off_on,
    CASE
        WHEN NOT %(on_their_day)s AND written_off_on <= %(closed)s THEN %(now)s
        ELSE least(((written_off_on + 1)::timestamp AT TIME ZONE %(zone)s) - interval '1 microsecond', %(now)s)
    END,
    %(by)s
FROM new_write_off;

-- name: plan_schedules
CREATE UNLOGGED TABLE schedule_plan AS
SELECT
    s.loan, l.id AS loan_id, l.approved_on, l.booked_at, i.external_id IS NOT NULL AS loan_is_new,
    v.id AS schedule_id, coalesce(v.version, 0) AS version, v.id IS NULL AS is_new
FROM (SELECT DISTINCT loan FROM staged_instalment) AS s
JOIN borrowers_loan AS l ON l.external_id = s.loan
LEFT JOIN inserted_loan AS i ON i.external_id = s.loan
LEFT JOIN LATERAL (
    SELECT id, version FROM borrowers_scheduleversion WHERE loan_id = l.id ORDER BY version DESC LIMIT 1
) AS v ON i.external_id IS NULL;

-- name: look_at_schedules
ANALYZE schedule_plan;

-- name: find_changed_schedules
-- A schedule is unchanged if each instalment of either side has its equal on the other.
CREATE UNLOGGED TABLE changed_schedule AS
SELECT DISTINCT loan_id
FROM (
    SELECT plan.loan_id, i.number, i.due_on, i.principal_amount, coalesce(i.interest_amount, 0) AS interest_amount,
        coalesce(i.fee_amount, 0) AS fee_amount
    FROM staged_instalment AS i
    JOIN schedule_plan AS plan USING (loan)
    WHERE NOT plan.is_new
) AS said
FULL JOIN (
    SELECT plan.loan_id, i.number, i.due_on, i.principal_amount, i.interest_amount, i.fee_amount
    FROM schedule_plan AS plan
    JOIN borrowers_instalment AS i ON i.schedule_id = plan.schedule_id
) AS known USING (loan_id, number)
WHERE (said.due_on, said.principal_amount, said.interest_amount, said.fee_amount)
    IS DISTINCT FROM (known.due_on, known.principal_amount, known.interest_amount, known.fee_amount);

-- name: drop_unchanged_schedules
DELETE FROM schedule_plan AS plan
WHERE NOT is_new AND NOT EXISTS (SELECT FROM changed_schedule AS c WHERE c.loan_id = plan.loan_id);

-- name: insert_schedules
INSERT INTO borrowers_scheduleversion (loan_id, version, reason, effective_on, booked_at)
SELECT
    loan_id, version + 1,
    CASE WHEN is_new THEN 'original' ELSE %(changed_schedules)s END,
    CASE WHEN is_new OR %(changed_schedules)s = 'correction' THEN approved_on ELSE greatest(%(business_date)s, approved_on) END,
    CASE WHEN loan_is_new OR is_new AND %(on_their_day)s THEN booked_at ELSE greatest(%(now)s, booked_at) END
FROM schedule_plan;

-- name: find_new_schedules
CREATE UNLOGGED TABLE new_schedule AS
SELECT plan.loan, plan.loan_id, v.id AS schedule_id
FROM schedule_plan AS plan
JOIN borrowers_scheduleversion AS v ON v.loan_id = plan.loan_id AND v.version = plan.version + 1;

-- name: look_at_new_schedules
ANALYZE new_schedule;

-- name: insert_instalments
INSERT INTO borrowers_instalment (loan_id, schedule_id, number, due_on, principal_amount, interest_amount, fee_amount)
SELECT new.loan_id, new.schedule_id, i.number, i.due_on, i.principal_amount, coalesce(i.interest_amount, 0), coalesce(i.fee_amount, 0)
FROM staged_instalment AS i
JOIN new_schedule AS new USING (loan)
WHERE i.ctid >= %(first)s::tid AND i.ctid < %(last)s::tid;

-- name: find_known_payments
-- The first entry of a payment has its external_id, the ones that took its place later the same with ~2, ~3, …
CREATE UNLOGGED TABLE known_payment AS
WITH RECURSIVE entry AS (
    SELECT s.external_id, p.id, p.loan_id, p.amount, p.effective_on, p.booked_at, p.status, 1 AS revision
    FROM staged_payment AS s
    JOIN borrowers_payment AS p USING (external_id)
    UNION ALL
    SELECT entry.external_id, p.id, p.loan_id, p.amount, p.effective_on, p.booked_at, p.status, entry.revision + 1
    FROM entry
    JOIN borrowers_payment AS p ON p.external_id = entry.external_id || '~' || (entry.revision + 1)
)
SELECT DISTINCT ON (entry.external_id)
    entry.*, reversal.id IS NOT NULL AS is_reversed,
    CASE WHEN reversal.id IS NOT NULL THEN 'returned' ELSE entry.status END AS standing
FROM entry
LEFT JOIN borrowers_payment AS reversal ON reversal.reverses_id = entry.id
ORDER BY entry.external_id, entry.revision DESC;

-- name: find_changed_payments
-- A payment that people reversed stays reversed, one that is taken back on both sides is settled.
CREATE UNLOGGED TABLE changed_payment AS
SELECT
    said.*, known.id AS known_id, known.revision, known.status AS known_status, known.is_reversed, known.loan_id AS known_loan_id,
    (known.loan_id, known.amount) = (said.loan_id, said.amount) AS is_same_money
FROM known_payment AS known
JOIN (
    SELECT
        s.*, l.id AS loan_id,
        coalesce(s.status, CASE WHEN s.returned_on IS NULL THEN 'cleared' ELSE 'returned' END) AS said_status
    FROM staged_payment AS s
    JOIN borrowers_loan AS l ON l.external_id = s.loan
) AS said USING (external_id)
WHERE NOT (known.standing = 'returned' AND said.said_status = 'returned')
    AND (
        (known.loan_id, known.amount, known.effective_on) IS DISTINCT FROM (said.loan_id, said.amount, said.effective_on)
        OR known.standing <> said.said_status AND NOT known.is_reversed
    );

-- name: insert_reversals
INSERT INTO borrowers_payment (loan_id, amount, effective_on, booked_at, channel, reverses_id, reversal_reason, recorded_by_id)
SELECT
    p.loan_id, -p.amount, CASE WHEN c.said_status = 'returned' THEN greatest(c.returned_on, p.effective_on) ELSE p.effective_on END,
    greatest(%(now)s, p.booked_at), p.channel, p.id,
    CASE WHEN c.said_status = 'returned' THEN coalesce(c.return_reason, 'returned') ELSE '' END, %(by)s
FROM changed_payment AS c
JOIN borrowers_payment AS p ON p.id = c.known_id
WHERE c.known_status = 'cleared' AND NOT c.is_reversed;

-- name: end_pending_payments
-- One that was on its way with another amount or for another loan never arrived.
INSERT INTO borrowers_payment
    (loan_id, external_id, amount, status, effective_on, booked_at, channel, follows_id, recorded_by_id)
SELECT
    p.loan_id, c.external_id || '~' || (c.revision + 1), p.amount, 'returned', p.effective_on, greatest(%(now)s, p.booked_at),
    p.channel, p.id, %(by)s
FROM changed_payment AS c
JOIN borrowers_payment AS p ON p.id = c.known_id
WHERE c.known_status IN ('pending', 'in_clearing') AND NOT c.is_same_money;

-- name: update_payments
INSERT INTO borrowers_payment
    (loan_id, external_id, amount, status, effective_on, booked_at, channel, reference, follows_id, recorded_by_id)
SELECT
    c.loan_id,
    c.external_id || '~'
        || (c.revision + CASE WHEN c.known_status IN ('pending', 'in_clearing') AND NOT c.is_same_money THEN 2 ELSE 1 END),
    c.amount, c.said_status, CASE WHEN c.said_status = 'returned' THEN greatest(c.returned_on, c.effective_on) ELSE c.effective_on END,
    greatest(%(now)s, p.booked_at), coalesce(c.channel, 'unknown'), coalesce(c.reference, ''),
    CASE WHEN c.known_status IN ('pending', 'in_clearing') AND c.is_same_money THEN c.known_id END, %(by)s
FROM changed_payment AS c
JOIN borrowers_payment AS p ON p.id = c.known_id
WHERE c.said_status <> 'returned' OR c.known_status IN ('pending', 'in_clearing') AND c.is_same_money;

-- name: insert_payments
-- One that came in and was returned later is entered as cleared first.
INSERT INTO borrowers_payment (loan_id, external_id, amount, status, effective_on, booked_at, channel, reference, recorded_by_id)
SELECT
    l.id, s.external_id, s.amount, CASE WHEN s.status <> 'returned' THEN s.status ELSE 'cleared' END, s.effective_on,
    coalesce(
        s.booked_at,
        CASE
            WHEN NOT %(on_their_day)s AND s.effective_on <= %(closed)s THEN %(now)s
            ELSE least(((s.effective_on + 1)::timestamp AT TIME ZONE %(zone)s) - interval '1 microsecond', %(now)s)
        END
    ),
    coalesce(s.channel, 'unknown'), coalesce(s.reference, ''), %(by)s
FROM staged_payment AS s
JOIN borrowers_loan AS l ON l.external_id = s.loan
WHERE s.ctid >= %(first)s::tid AND s.ctid < %(last)s::tid
    AND NOT EXISTS (SELECT FROM known_payment AS k WHERE k.external_id = s.external_id);

-- name: return_payments
INSERT INTO borrowers_payment (loan_id, amount, effective_on, booked_at, channel, reverses_id, reversal_reason, recorded_by_id)
SELECT
    p.loan_id, -p.amount, s.day,
    greatest(
        p.booked_at,
        CASE
            WHEN NOT %(on_their_day)s AND s.day <= %(closed)s THEN %(now)s
            ELSE least(((s.day + 1)::timestamp AT TIME ZONE %(zone)s) - interval '1 microsecond', %(now)s)
        END
    ),
    p.channel, p.id, coalesce(s.return_reason, 'returned'), %(by)s
FROM (
    SELECT external_id, return_reason, greatest(returned_on, effective_on) AS day
    FROM staged_payment
    WHERE status = 'returned' OR status IS NULL AND returned_on IS NOT NULL
) AS s
JOIN borrowers_payment AS p USING (external_id)
WHERE NOT EXISTS (SELECT FROM known_payment AS k WHERE k.external_id = s.external_id);
