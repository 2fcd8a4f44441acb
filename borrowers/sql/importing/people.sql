-- Contact points and parties of loans, which are kept as they are now and not as a ledger.
--
-- Grain    one staged row per contact point of a borrower, one per loan, person, role and first day.
-- Cost     linear in the staged rows. An empty cell keeps what is known.

-- name: update_contact_points
UPDATE borrowers_contactpoint AS c
SET is_preferred = coalesce(s.is_preferred, c.is_preferred),
    verified_on = coalesce(s.verified_on, c.verified_on),
    opted_out_on = coalesce(s.opted_out_on, c.opted_out_on),
    time_zone = coalesce(s.time_zone, c.time_zone)
FROM staged_contact_point AS s
JOIN borrowers_borrower AS b ON b.external_id = s.borrower
WHERE c.borrower_id = b.id AND c.kind = s.kind AND c.value = s.value
    AND (
        s.is_preferred <> c.is_preferred
        OR s.verified_on IS NOT NULL AND s.verified_on IS DISTINCT FROM c.verified_on
        OR s.opted_out_on IS NOT NULL AND s.opted_out_on IS DISTINCT FROM c.opted_out_on
        OR s.time_zone <> c.time_zone
    );

-- name: insert_contact_points
INSERT INTO borrowers_contactpoint (borrower_id, kind, value, is_preferred, verified_on, opted_out_on, time_zone)
SELECT b.id, s.kind, s.value, coalesce(s.is_preferred, false), s.verified_on, s.opted_out_on, coalesce(s.time_zone, '')
FROM staged_contact_point AS s
JOIN borrowers_borrower AS b ON b.external_id = s.borrower
ON CONFLICT DO NOTHING;

-- name: update_parties
UPDATE borrowers_loanparty AS p
SET authority = coalesce(s.authority, p.authority),
    until = coalesce(s.until, p.until)
FROM staged_party AS s
JOIN borrowers_loan AS l ON l.external_id = s.loan
JOIN borrowers_borrower AS b ON b.external_id = s.person
WHERE p.loan_id = l.id AND p.person_id = b.id AND p.role = s.role AND p.since = s.since
    AND (s.authority <> p.authority OR s.until IS NOT NULL AND s.until IS DISTINCT FROM p.until);

-- name: insert_parties
INSERT INTO borrowers_loanparty (loan_id, person_id, role, authority, since, until)
SELECT l.id, b.id, s.role, coalesce(s.authority, ''), s.since, s.until
FROM staged_party AS s
JOIN borrowers_loan AS l ON l.external_id = s.loan
JOIN borrowers_borrower AS b ON b.external_id = s.person
ON CONFLICT DO NOTHING;

-- name: count_of_contact_points
SELECT count(*) FROM staged_contact_point;

-- name: count_of_parties
SELECT count(*) FROM staged_party;

-- name: define_attributes
INSERT INTO borrowers_attributedefinition (entity, name, type, source_column)
SELECT said.entity, said.name, said.type, said.source_column
FROM jsonb_to_recordset(%(attributes)s) AS said (entity text, name text, type text, source_column text)
ON CONFLICT (entity, name) DO UPDATE SET source_column = EXCLUDED.source_column
WHERE borrowers_attributedefinition.source_column = '';
