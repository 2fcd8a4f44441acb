-- What the report of an import says, asked in the publishing transaction.
--
-- Grain    one row per statement. Cost: one aggregate over a staging table each.

-- name: totals
SELECT
    (SELECT count(*) FROM new_borrower),
    (SELECT count(*) FROM new_loan),
    (SELECT count(*) FROM staged_instalment),
    (SELECT count(*) FROM staged_payment),
    (SELECT count(*) FROM changed_payment);

-- name: instalments_created
SELECT count(*) FROM staged_instalment JOIN schedule_plan USING (loan) WHERE is_new;

-- name: payments_left_reversed
SELECT count(*) FROM known_payment AS k
JOIN staged_payment AS s USING (external_id)
WHERE k.is_reversed AND coalesce(s.status, CASE WHEN s.returned_on IS NULL THEN 'cleared' ELSE 'returned' END) <> 'returned'
    AND NOT EXISTS (SELECT FROM changed_payment AS c WHERE c.external_id = k.external_id);

-- name: loans_without_schedule
SELECT count(*) FROM new_loan AS s
JOIN borrowers_loan AS l USING (external_id)
WHERE l.bookkeeping = 'ledger' AND NOT EXISTS (SELECT FROM borrowers_scheduleversion AS v WHERE v.loan_id = l.id)
    AND NOT EXISTS (SELECT FROM borrowers_statement AS t WHERE t.loan_id = l.id);

-- name: schedules_off_principal
SELECT count(*) FROM (
    SELECT i.loan FROM staged_instalment AS i
    JOIN new_loan AS l ON l.external_id = i.loan
    GROUP BY i.loan, l.principal_amount
    HAVING sum(i.principal_amount) <> l.principal_amount
) AS off;

-- name: last_day
SELECT greatest(
    (SELECT max(approved_on) FROM new_loan), (SELECT max(effective_on) FROM staged_payment),
    (SELECT max(effective_on) FROM staged_charge), (SELECT max(effective_on) FROM staged_event),
    (SELECT max(stated_on) FROM staged_statement), (SELECT max(as_of) FROM staged_snapshot),
    (SELECT max(effective_on) FROM staged_contact), (SELECT max(made_on) FROM staged_promise)
);

-- name: changed_loans
-- Loans that were in the books before and are not as they were.
SELECT id FROM (
    SELECT id FROM updated_loan
    UNION
    SELECT loan_id FROM schedule_plan WHERE NOT loan_is_new
    UNION
    SELECT loan_id FROM changed_payment
    UNION
    SELECT known_loan_id FROM changed_payment
    UNION
    SELECT loan_id FROM touched_loan
    UNION
    SELECT l.id FROM staged_payment AS s
    JOIN borrowers_loan AS l ON l.external_id = s.loan
    WHERE NOT EXISTS (SELECT FROM known_payment AS k WHERE k.external_id = s.external_id)
        AND NOT EXISTS (SELECT FROM inserted_loan AS i WHERE i.external_id = s.loan)
) AS changed
ORDER BY id;

-- name: new_loans
SELECT l.id FROM inserted_loan JOIN borrowers_loan AS l USING (external_id) LIMIT %(limit)s;
