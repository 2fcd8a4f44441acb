-- The rules across rows. Each statement finds rows that break one and adds them to reject with the reason and the remedy.
--
-- Grain    one reject per staged row and rule. The rows are then purged and the checks run again until nothing more falls,
--          since a loan without its borrower takes its payments with it.
-- Cost     one hash join of the staged rows with the staged loans and the books' loans per rule and round.
-- Facts    %(limit)s is the last day that an entry may count from, %(now)s the instant of the import.

-- name: loan_of_unknown_borrower
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT l.source, l.file, l."row", 'borrower', l.borrower,
    'is a borrower that neither the files nor the books know; add the borrower, or a [source.borrower] for these rows'
FROM staged_loan AS l
WHERE NOT EXISTS (SELECT FROM staged_borrower AS b WHERE b.external_id = l.borrower)
    AND NOT EXISTS (SELECT FROM borrowers_borrower AS b WHERE b.external_id = l.borrower);

-- name: loan_of_another_borrower
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT l.source, l.file, l."row", 'borrower', l.borrower,
    format('is not the borrower of loan %%s in the books, who is %%s; a loan does not change hands', l.external_id, b.external_id)
FROM staged_loan AS l
JOIN borrowers_loan AS known ON known.external_id = l.external_id
JOIN borrowers_borrower AS b ON b.id = known.borrower_id
WHERE b.external_id <> l.borrower;

-- name: loan_in_another_currency
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT l.source, l.file, l."row", 'currency', l.currency,
    format('is not the currency of loan %%s in the books, which is %%s', l.external_id, known.currency)
FROM staged_loan AS l
JOIN borrowers_loan AS known ON known.external_id = l.external_id
WHERE known.currency <> l.currency;

-- name: loan_from_the_future
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", 'approved_on', approved_on::text,
    format('lies after %%s, the day the books stand at; correct the date or business_date', %(limit)s::date)
FROM staged_loan
WHERE approved_on > %(limit)s;

-- name: loan_written_off_before_approval
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", 'written_off_on', written_off_on::text,
    format('is before the approval on %%s; correct one of the dates', approved_on)
FROM staged_loan
WHERE written_off_on < approved_on;

-- name: loan_booked_in_the_future
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", 'booked_at', booked_at::text, 'lies in the future: nothing can be known before it is booked'
FROM staged_loan
WHERE booked_at > %(now)s;

-- name: instalment_of_unknown_loan
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT i.source, i.file, i."row", 'loan', i.loan,
    'is a loan that neither the files nor the books know; add the loan, or correct the number'
FROM staged_instalment AS i
WHERE NOT EXISTS (SELECT FROM staged_loan AS l WHERE l.external_id = i.loan)
    AND NOT EXISTS (SELECT FROM borrowers_loan AS l WHERE l.external_id = i.loan);

-- name: instalment_due_before_approval
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT i.source, i.file, i."row", 'due_on', i.due_on::text,
    format('is before the approval of loan %%s on %%s; correct one of the dates', i.loan, l.approved_on)
FROM staged_instalment AS i
JOIN (
    SELECT external_id, approved_on FROM staged_loan
    UNION ALL
    SELECT external_id, approved_on FROM borrowers_loan AS b
    WHERE NOT EXISTS (SELECT FROM staged_loan AS s WHERE s.external_id = b.external_id)
) AS l ON l.external_id = i.loan
WHERE i.due_on < l.approved_on;

-- name: instalment_of_half_a_schedule
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT i.source, i.file, i."row", 'loan', i.loan,
    format('has a schedule of which another row is rejected (row %%s); half a schedule is not imported', r."row")
FROM staged_instalment AS i
JOIN (SELECT loan, min("row") AS "row" FROM reject WHERE loan IS NOT NULL GROUP BY loan) AS r USING (loan);

-- name: payment_for_unknown_loan
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT p.source, p.file, p."row", 'loan', p.loan,
    'is a loan that neither the files nor the books know; add the loan, or correct the number'
FROM staged_payment AS p
WHERE NOT EXISTS (SELECT FROM staged_loan AS l WHERE l.external_id = p.loan)
    AND NOT EXISTS (SELECT FROM borrowers_loan AS l WHERE l.external_id = p.loan);

-- name: payment_before_approval_or_in_another_currency
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT p.source, p.file, p."row",
    CASE WHEN p.effective_on < l.approved_on THEN 'effective_on' ELSE 'currency' END,
    CASE WHEN p.effective_on < l.approved_on THEN p.effective_on::text ELSE p.currency END,
    CASE
        WHEN p.effective_on < l.approved_on
            THEN format('is before the approval of loan %%s on %%s; correct one of the dates', p.loan, l.approved_on)
        ELSE format('is not the currency of loan %%s, which is %%s', p.loan, l.currency)
    END
FROM staged_payment AS p
JOIN (
    SELECT external_id, approved_on, currency FROM staged_loan
    UNION ALL
    SELECT external_id, approved_on, currency FROM borrowers_loan AS b
    WHERE NOT EXISTS (SELECT FROM staged_loan AS s WHERE s.external_id = b.external_id)
) AS l ON l.external_id = p.loan
WHERE p.effective_on < l.approved_on OR p.currency <> l.currency;

-- name: payment_from_the_future
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", 'effective_on', effective_on::text,
    format('lies after %%s, the day the books stand at; correct the date or business_date', %(limit)s::date)
FROM staged_payment
WHERE effective_on > %(limit)s;

-- name: payment_booked_in_the_future
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", 'booked_at', booked_at::text, 'lies in the future: nothing can be known before it is booked'
FROM staged_payment
WHERE booked_at > %(now)s;
