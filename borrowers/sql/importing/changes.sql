-- What a dry run would change, field by field: what stands in the books and what the files say.
--
-- Grain    one row per thing and field, the first %(limit)s of each kind: kind, name, field, before, after.
-- When     `stand_in_the_books` before anything is updated; `are_entered_anew` after publish.sql, since the ledger keeps what was.
-- Cost     one join of the staged rows with the books by external_id.

-- name: stand_in_the_books
(
    SELECT 'borrower', s.external_id, said.field, said.before, said.after
    FROM new_borrower AS s
    JOIN borrowers_borrower AS b USING (external_id)
    LEFT JOIN accounts_team AS held ON held.id = b.team_id
    CROSS JOIN LATERAL (
        VALUES
            ('full_name', b.full_name, s.full_name),
            ('birth_date', b.birth_date::text, s.birth_date::text),
            ('language', b.language, s.language),
            ('time_zone', b.time_zone, s.time_zone),
            ('jurisdiction', b.jurisdiction, s.jurisdiction),
            ('household', b.household, s.household),
            ('team', coalesce(held.name, ''), s.team)
        UNION ALL
        SELECT 'attributes.' || key, b.attributes ->> key, value FROM jsonb_each_text(s.attributes) WHERE NOT b.attributes @> s.attributes
    ) AS said (field, before, after)
    WHERE said.after IS NOT NULL AND said.after IS DISTINCT FROM said.before
    LIMIT %(limit)s
)
UNION ALL
(
    SELECT 'loan', s.external_id, said.field, said.before, said.after
    FROM new_loan AS s
    JOIN borrowers_loan AS l USING (external_id)
    JOIN borrowers_product AS p ON p.id = l.product_id
    CROSS JOIN LATERAL (
        VALUES
            ('product', p.code, s.product),
            ('principal_amount', l.principal_amount::text, s.principal_amount::text),
            ('credit_limit_amount', l.credit_limit_amount::text, s.credit_limit_amount::text),
            ('annual_interest_ratio', trim_scale(l.annual_interest_ratio)::text, trim_scale(s.annual_interest_ratio)::text),
            ('term_days', l.term_days::text, s.term_days::text),
            ('approved_on', l.approved_on::text, s.approved_on::text),
            ('approved_at', l.approved_at::text, s.approved_at::text),
            ('bookkeeping', l.bookkeeping, s.bookkeeping)
        UNION ALL
        SELECT 'attributes.' || key, l.attributes ->> key, value FROM jsonb_each_text(s.attributes) WHERE NOT l.attributes @> s.attributes
    ) AS said (field, before, after)
    WHERE said.after IS NOT NULL AND said.after IS DISTINCT FROM said.before
    LIMIT %(limit)s
);

-- name: are_entered_anew
(
    SELECT 'payment', c.external_id, said.field, said.before, said.after
    FROM changed_payment AS c
    JOIN borrowers_payment AS p ON p.id = c.known_id
    JOIN borrowers_loan AS l ON l.id = p.loan_id
    CROSS JOIN LATERAL (
        VALUES
            ('loan', l.external_id, c.loan),
            ('amount', p.amount::text, c.amount::text),
            ('effective_on', p.effective_on::text, c.effective_on::text),
            ('status', CASE WHEN c.is_reversed THEN 'returned' ELSE p.status END, c.said_status)
    ) AS said (field, before, after)
    WHERE said.after IS DISTINCT FROM said.before
    LIMIT %(limit)s
)
UNION ALL
(
    SELECT 'instalment', plan.loan || ' no. ' || number, said.field, said.before, said.after
    FROM schedule_plan AS plan
    JOIN changed_schedule USING (loan_id)
    JOIN LATERAL (
        SELECT
            number, known.due_on AS due_before, s.due_on, known.principal_amount AS principal_before, s.principal_amount,
            known.interest_amount AS interest_before, coalesce(s.interest_amount, 0) AS interest_amount,
            known.fee_amount AS fee_before, coalesce(s.fee_amount, 0) AS fee_amount, s.loan IS NULL AS is_gone
        FROM (SELECT * FROM staged_instalment AS i WHERE i.loan = plan.loan) AS s
        FULL JOIN (SELECT * FROM borrowers_instalment AS i WHERE i.schedule_id = plan.schedule_id) AS known USING (number)
    ) AS line ON true
    CROSS JOIN LATERAL (
        VALUES
            ('due_on', due_before::text, due_on::text),
            ('principal_amount', principal_before::text, principal_amount::text),
            ('interest_amount', interest_before::text, CASE WHEN NOT is_gone THEN interest_amount::text END),
            ('fee_amount', fee_before::text, CASE WHEN NOT is_gone THEN fee_amount::text END)
    ) AS said (field, before, after)
    WHERE said.after IS DISTINCT FROM said.before
    LIMIT %(limit)s
);
