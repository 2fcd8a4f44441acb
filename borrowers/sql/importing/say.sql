-- What the files say of what hangs on borrowers and loans, with the ids of the books.
--
-- Grain    said_<kind> holds one row per staged row. Runs after borrowers, contact points and loans are in the books, and only for
--          the kinds that the mapping feeds; columns have the names of the books' table.
-- Cost     one hash join with the books' loans or borrowers each. The tables live within the transaction, so they are unlogged.
-- Clocks   {known} stands for the instant an entry of a {day} was known without a column that says it: see publish.sql.

-- name: consent
CREATE UNLOGGED TABLE said_consent AS
SELECT
    c.id AS contact_point_id, coalesce(s.channel, 'any') AS channel, s.is_given, s.origin AS source,
    coalesce(s.wording, '') AS wording, s.happened_at, coalesce(s.booked_at, s.happened_at) AS booked_at
FROM staged_consent AS s
JOIN borrowers_borrower AS b ON b.external_id = s.borrower
JOIN borrowers_contactpoint AS c ON c.borrower_id = b.id AND c.kind = s.kind AND c.value = s.value;

-- name: charge
CREATE UNLOGGED TABLE said_charge AS
SELECT s.external_id, l.id AS loan_id, s.kind, s.amount, s.effective_on, s.waived_on, {known} AS booked_at
FROM staged_charge AS s
JOIN borrowers_loan AS l ON l.external_id = s.loan;

-- name: event
CREATE UNLOGGED TABLE said_event AS
SELECT
    s.external_id, l.id AS loan_id, s.kind, s.amount, coalesce(s.counterparty, '') AS counterparty, coalesce(s.note, '') AS note,
    s.effective_on, {known} AS booked_at
FROM staged_event AS s
JOIN borrowers_loan AS l ON l.external_id = s.loan;

-- name: statement
CREATE UNLOGGED TABLE said_statement AS
SELECT
    l.id AS loan_id, s.stated_on, s.due_on, s.principal_amount, coalesce(s.interest_amount, 0) AS interest_amount,
    coalesce(s.fee_amount, 0) AS fee_amount, s.balance_amount, {known} AS booked_at
FROM staged_statement AS s
JOIN borrowers_loan AS l ON l.external_id = s.loan;

-- name: snapshot
CREATE UNLOGGED TABLE said_snapshot AS
SELECT
    l.id AS loan_id, s.as_of, s.days_past_due, s.outstanding_amount, s.outstanding_principal_amount, s.overdue_amount,
    coalesce(s.status, '') AS status, {known} AS booked_at
FROM staged_snapshot AS s
JOIN borrowers_loan AS l ON l.external_id = s.loan;

-- name: collateral
CREATE UNLOGGED TABLE said_collateral AS
SELECT
    l.id AS loan_id, s.reference, s.kind, coalesce(s.description, '') AS description, s.value_amount, s.valued_on,
    {known} AS booked_at
FROM staged_collateral AS s
JOIN borrowers_loan AS l ON l.external_id = s.loan;

-- name: contact
-- Who was reached follows from the outcome where the file does not say it. A number or address that the books lack is entered.
INSERT INTO borrowers_contactpoint (borrower_id, kind, value, is_preferred)
SELECT DISTINCT
    coalesce(b.id, l.borrower_id),
    CASE s.channel WHEN 'email' THEN 'email' WHEN 'letter' THEN 'address' WHEN 'visit' THEN 'address' ELSE 'phone' END,
    s.contact_point, false
FROM staged_contact AS s
LEFT JOIN borrowers_loan AS l ON l.external_id = s.loan
LEFT JOIN borrowers_borrower AS b ON b.external_id = s.borrower
WHERE s.contact_point IS NOT NULL AND NOT EXISTS (
    SELECT FROM borrowers_contactpoint AS c
    WHERE c.borrower_id = coalesce(b.id, l.borrower_id) AND c.value = s.contact_point
);

CREATE UNLOGGED TABLE said_contact AS
SELECT
    s.external_id, coalesce(b.id, l.borrower_id) AS borrower_id, l.id AS loan_id, u.id AS agent_id, s.channel, s.outcome,
    coalesce(
        s.reached_borrower,
        s.outcome IN ('promise', 'refused', 'hardship', 'dispute', 'call_back', 'paid')
    ) AS reached_borrower,
    s.is_connected, point.id AS contact_point_id, coalesce(s.text_sent, '') AS text_sent, s.talk_minutes, s.wrap_up_minutes,
    coalesce(s.note, '') AS note, s.follow_up_on, s.effective_on, s.happened_at, coalesce(s.booked_at, s.happened_at) AS booked_at
FROM staged_contact AS s
LEFT JOIN borrowers_loan AS l ON l.external_id = s.loan
LEFT JOIN borrowers_borrower AS b ON b.external_id = s.borrower
LEFT JOIN accounts_user AS u ON u.username = s.agent
LEFT JOIN LATERAL (
    SELECT id FROM borrowers_contactpoint AS c
    WHERE c.borrower_id = coalesce(b.id, l.borrower_id) AND c.value = s.contact_point
    ORDER BY id LIMIT 1
) AS point ON true;

-- name: promise
CREATE UNLOGGED TABLE said_promise AS
SELECT
    s.external_id, l.id AS loan_id, c.id AS contact_event_id, s.amount, s.made_on, s.due_on, {known} AS booked_at
FROM staged_promise AS s
JOIN borrowers_loan AS l ON l.external_id = s.loan
LEFT JOIN borrowers_contactevent AS c ON c.external_id = s.contact;
