-- The rules across rows that several kinds share; {kind} is the kind, {borrower} and {loan} the columns that name whom it is about,
-- {day} the day it counts from. Each statement runs for the kinds that have what it speaks of.
--
-- Grain    one reject per staged row and rule. Cost: one hash join with the staged and the known loans per rule and round.

-- name: unknown_borrower
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT s.source, s.file, s."row", '{borrower}', s.{borrower},
    'is a borrower that neither the files nor the books know; add the borrower, or correct the number'
FROM staged_{kind} AS s
WHERE s.{borrower} IS NOT NULL
    AND NOT EXISTS (SELECT FROM staged_borrower AS b WHERE b.external_id = s.{borrower})
    AND NOT EXISTS (SELECT FROM borrowers_borrower AS b WHERE b.external_id = s.{borrower});

-- name: unknown_loan
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT s.source, s.file, s."row", 'loan', s.loan,
    'is a loan that neither the files nor the books know; add the loan, or correct the number'
FROM staged_{kind} AS s
WHERE s.loan IS NOT NULL
    AND NOT EXISTS (SELECT FROM staged_loan AS l WHERE l.external_id = s.loan)
    AND NOT EXISTS (SELECT FROM borrowers_loan AS l WHERE l.external_id = s.loan);

-- name: before_approval
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT s.source, s.file, s."row", '{day}', s.{day}::text,
    format('is before the approval of loan %%s on %%s; correct one of the dates', s.loan, l.approved_on)
FROM staged_{kind} AS s
JOIN (
    SELECT external_id, approved_on FROM staged_loan
    UNION ALL
    SELECT external_id, approved_on FROM borrowers_loan AS b
    WHERE NOT EXISTS (SELECT FROM staged_loan AS staged WHERE staged.external_id = b.external_id)
) AS l ON l.external_id = s.loan
WHERE s.{day} < l.approved_on;

-- name: from_the_future
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", '{day}', {day}::text,
    format('lies after %%s, the day the books stand at; correct the date or business_date', %(limit)s::date)
FROM staged_{kind}
WHERE {day} > %(limit)s;

-- name: booked_in_the_future
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", 'booked_at', booked_at::text, 'lies in the future: nothing can be known before it is booked'
FROM staged_{kind}
WHERE booked_at > %(now)s;
