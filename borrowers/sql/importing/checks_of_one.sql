-- The rules of one kind each; a statement's name begins with its kind and runs where the mapping feeds it.
--
-- Grain    one reject per staged row and rule. Cost: one pass over the staged rows, with a hash join where another kind is looked at.

-- name: loan principal
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", 'principal_amount', '',
    'is missing, but only loans that are kept by snapshots go without; fill it in, or say bookkeeping = "snapshots"'
FROM staged_loan
WHERE principal_amount IS NULL AND coalesce(bookkeeping, %(bookkeeping)s) = 'ledger';

-- name: payment return
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", 'returned_on', returned_on::text,
    CASE
        WHEN returned_on < effective_on THEN format('is before the payment on %%s; correct one of the dates', effective_on)
        WHEN returned_on > %(limit)s
            THEN format('lies after %%s, the day the books stand at; correct the date or business_date', %(limit)s::date)
        ELSE format('does not go with the status %%s; only a returned payment has such a day', status)
    END
FROM staged_payment
WHERE returned_on < effective_on OR returned_on > %(limit)s OR returned_on IS NOT NULL AND status <> 'returned';

-- name: consent point
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT s.source, s.file, s."row", 'value', s.value,
    format('is no %%s of borrower %%s that the files or the books know; add it as a contact point', s.kind, s.borrower)
FROM staged_consent AS s
WHERE NOT EXISTS (
        SELECT FROM staged_contact_point AS c WHERE (c.borrower, c.kind, c.value) = (s.borrower, s.kind, s.value)
    )
    AND NOT EXISTS (
        SELECT FROM staged_borrower AS b
        WHERE b.external_id = s.borrower
            AND CASE s.kind WHEN 'phone' THEN b.phone WHEN 'email' THEN b.email ELSE b.address END = s.value
    )
    AND NOT EXISTS (
        SELECT FROM borrowers_contactpoint AS c
        JOIN borrowers_borrower AS b ON b.id = c.borrower_id
        WHERE b.external_id = s.borrower AND c.kind = s.kind AND c.value = s.value
    );

-- name: consent future
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", 'happened_at', happened_at::text, 'lies in the future; correct the time or the time zone'
FROM staged_consent
WHERE happened_at > %(now)s;

-- name: party
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", CASE WHEN until < since THEN 'until' ELSE 'authority' END, coalesce(until::text, ''),
    CASE
        WHEN until < since THEN format('is before the first day, %%s; correct one of the dates', since)
        ELSE 'is missing: name what proves that a third party may act, such as a power of attorney'
    END
FROM staged_party
WHERE until < since OR role = 'authorised' AND authority IS NULL;

-- name: event counterparty
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", 'counterparty', '', format('is missing: name whom the loan was %%s to or with', kind)
FROM staged_event
WHERE kind IN ('sold', 'placed') AND counterparty IS NULL;

-- name: statement days
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", 'due_on', due_on::text, format('is before the statement on %%s; correct one of the dates', stated_on)
FROM staged_statement
WHERE due_on < stated_on;

-- name: snapshot empty
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", '', '', 'says nothing: neither days past due nor an amount nor a status'
FROM staged_snapshot
WHERE coalesce(days_past_due::numeric, outstanding_amount, outstanding_principal_amount, overdue_amount) IS NULL AND status IS NULL;

-- name: contact whom
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", 'borrower', '', 'is missing and so is the loan; a contact is with a borrower or about a loan'
FROM staged_contact
WHERE borrower IS NULL AND loan IS NULL;

-- name: contact future
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", 'happened_at', happened_at::text, 'lies in the future; correct the time or the time zone'
FROM staged_contact
WHERE happened_at > %(now)s;

-- name: promise days
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT source, file, "row", 'due_on', due_on::text, format('is before the promise on %%s; correct one of the dates', made_on)
FROM staged_promise
WHERE due_on < made_on;

-- name: promise contact
INSERT INTO reject (source, file, "row", column_name, value, reason)
SELECT s.source, s.file, s."row", 'contact', s.contact,
    'is a contact that neither the files nor the books know; add the contact, or leave the number out'
FROM staged_promise AS s
WHERE s.contact IS NOT NULL
    AND NOT EXISTS (SELECT FROM staged_contact AS c WHERE c.external_id = s.contact)
    AND NOT EXISTS (SELECT FROM borrowers_contactevent AS c WHERE c.external_id = s.contact);
