-- show: plans by number, or all of a borrower, with what came in on them. One row per plan, the newest first; both lists come from
-- indexes.
SELECT
    plan.*, progress.state, progress.since, progress.paid_amount, progress.due_amount, progress.n_missed, progress.missed_amount,
    (SELECT count(*) FROM recovery_planinstalment AS instalment WHERE instalment.plan_id = plan.id) AS n,
    progress.next_due_on, progress.next_due_amount, loan.external_id AS loan_name, loan.borrower_id,
    borrower.full_name AS borrower_name,
    coalesce(nullif(trim(person.first_name || ' ' || person.last_name), ''), person.username) AS who
FROM plan_progress(
        %(day)s,
        %(known)s,
        ARRAY(
            SELECT unnest(%(plans)s::bigint[])
            UNION ALL
            SELECT of_loan.id
            FROM recovery_plan AS of_loan
            JOIN borrowers_loan AS owing ON owing.id = of_loan.loan_id
            WHERE owing.borrower_id = %(borrower)s
        )
    ) AS progress
JOIN recovery_plan AS plan ON plan.id = progress.plan_id
JOIN borrowers_loan AS loan ON loan.id = plan.loan_id
JOIN borrowers_borrower AS borrower ON borrower.id = loan.borrower_id
JOIN accounts_user AS person ON person.id = plan.proposed_by_id
ORDER BY plan.id DESC
