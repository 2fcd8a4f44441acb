-- Bring entries that have a number of their own into the books: charges, events, contacts, promises.
--
-- Grain    one row of said_{kind} per external_id. The first entry of it has that number, those that took its place ~2, ~3, …
-- Cost     linear in the said rows; the books are read by external_id only.
-- Ledger   an entry that differs is taken back in the way of its table, if it has one, and entered anew, known from now on. An
--          empty cell keeps what is known.

-- name: look
ANALYZE said_{kind};

-- name: find_known
CREATE UNLOGGED TABLE known_{kind} AS
WITH RECURSIVE entry AS (
    SELECT s.external_id AS said_id, 1 AS revision, b.*
    FROM said_{kind} AS s
    JOIN {table} AS b USING (external_id)
    UNION ALL
    SELECT entry.said_id, entry.revision + 1, b.*
    FROM entry
    JOIN {table} AS b ON b.external_id = entry.said_id || '~' || (entry.revision + 1)
)
SELECT DISTINCT ON (said_id) * FROM entry ORDER BY said_id, revision DESC;

-- name: find_changed
CREATE UNLOGGED TABLE changed_{kind} AS
SELECT s.external_id, {completed}, known.id AS known_id, known.revision, known.booked_at AS known_booked_at
FROM said_{kind} AS s
JOIN known_{kind} AS known ON known.said_id = s.external_id
WHERE ({compared}) IS DISTINCT FROM ({known});

-- name: take_back_charge
INSERT INTO borrowers_charge (loan_id, kind, amount, effective_on, booked_at, waives_id, recorded_by_id)
SELECT b.loan_id, b.kind, -b.amount, b.effective_on, greatest(%(now)s, b.booked_at), b.id, %(by)s
FROM changed_charge AS c
JOIN borrowers_charge AS b ON b.id = c.known_id
WHERE NOT EXISTS (SELECT FROM borrowers_charge AS w WHERE w.waives_id = b.id);

-- name: take_back_event
INSERT INTO borrowers_loanevent (loan_id, kind, effective_on, booked_at, revokes_id, recorded_by_id)
SELECT b.loan_id, 'revoked', b.effective_on, greatest(%(now)s, b.booked_at), b.id, %(by)s
FROM changed_event AS c
JOIN borrowers_loanevent AS b ON b.id = c.known_id
WHERE NOT EXISTS (SELECT FROM borrowers_loanevent AS r WHERE r.revokes_id = b.id);

-- name: update
INSERT INTO {table} (external_id, {again}, booked_at{link})
SELECT external_id || '~' || (revision + 1), {again}, greatest(%(now)s, known_booked_at){linked}
FROM changed_{kind};

-- name: insert
INSERT INTO {table} (external_id, {columns}, booked_at)
SELECT external_id, {columns}, booked_at
FROM said_{kind} AS s
WHERE NOT EXISTS (SELECT FROM known_{kind} AS known WHERE known.said_id = s.external_id);

-- name: waive_charge
-- What the file says was waived and the books still ask for; a charge that was waived before stays so.
WITH waived AS (
    INSERT INTO borrowers_charge (loan_id, kind, amount, effective_on, booked_at, waives_id, recorded_by_id)
    SELECT
        b.loan_id, b.kind, -b.amount, greatest(s.waived_on, b.effective_on),
        greatest(
            b.booked_at,
            CASE
                WHEN NOT %(on_their_day)s AND s.waived_on <= %(closed)s THEN %(now)s
                ELSE least(((s.waived_on + 1)::timestamp AT TIME ZONE %(zone)s) - interval '1 microsecond', %(now)s)
            END
        ),
        b.id, %(by)s
    FROM said_charge AS s
    LEFT JOIN known_charge AS known ON known.said_id = s.external_id
    LEFT JOIN changed_charge AS c ON c.external_id = s.external_id
    JOIN borrowers_charge AS b
        ON b.external_id = coalesce(c.external_id || '~' || (c.revision + 1), known.external_id, s.external_id)
    WHERE s.waived_on IS NOT NULL AND NOT EXISTS (SELECT FROM borrowers_charge AS w WHERE w.waives_id = b.id)
    RETURNING loan_id, waives_id
)
INSERT INTO touched_loan (loan_id)
SELECT waived.loan_id
FROM waived
JOIN known_charge AS known ON known.id = waived.waives_id;

-- name: touch
INSERT INTO touched_loan (loan_id)
SELECT s.loan_id
FROM said_{kind} AS s
LEFT JOIN known_{kind} AS known ON known.said_id = s.external_id
WHERE s.loan_id IS NOT NULL
    AND (known.said_id IS NULL OR s.external_id IN (SELECT external_id FROM changed_{kind}))
    AND NOT EXISTS (SELECT FROM new_loan_id AS new WHERE new.id = s.loan_id);
