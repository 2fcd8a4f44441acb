-- propose_rest: where a settlement was paid, propose to write off what it let go; a second person decides, as of any write-off.
--
-- Grain    one proposal per completed settlement of a loan that is still owed; once: what was proposed for the loan since the
--          settlement was completed stands, also where it was refused. One that waits for something else is waited for.
-- Figures  of the refresh for that very day, else what is left would be told from before the payment.
-- Cost     linear in the settlements that are completed.
INSERT INTO recovery_loanproposal (loan_id, kind, amount, counterparty, reason, proposed_by_id)
SELECT DISTINCT ON (plan.loan_id)
    plan.loan_id, 'write_off', figure.outstanding_amount, '',
    format('Settlement %%s was paid in full: the rest is let go as agreed.', plan.id), plan.proposed_by_id
FROM recovery_plan AS plan
CROSS JOIN LATERAL (
    SELECT state, booked_at FROM recovery_planevent WHERE plan_id = plan.id ORDER BY number DESC LIMIT 1
) AS last
JOIN borrowers_delinquency AS figure ON figure.loan_id = plan.loan_id AND figure.as_of = %(day)s
WHERE plan.kind = 'settlement' AND last.state = 'completed' AND figure.outstanding_amount > 0
    AND proposal_fault(plan.loan_id, 'write_off') IS NULL
    AND NOT EXISTS (
        SELECT
        FROM recovery_loanproposal AS known
        LEFT JOIN recovery_loanproposaldecision AS decision ON decision.proposal_id = known.id
        WHERE known.loan_id = plan.loan_id AND (decision.id IS NULL OR known.booked_at >= last.booked_at)
    )
    AND NOT EXISTS (SELECT FROM recovery_plan AS later WHERE later.loan_id = plan.loan_id AND later.id > plan.id)
ORDER BY plan.loan_id, plan.id DESC
RETURNING id
