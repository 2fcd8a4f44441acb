-- Bring what was the case on a day into the books: statements, balance snapshots, valuations of collateral, consents.
--
-- Grain    one row of said_{kind} per {key}; of several entries of the books with one key the one known last counts.
-- Cost     linear in the said rows and in the entries of the books with the same keys.
-- Ledger   nothing is changed: a state that differs is a new entry, known from now on. An empty cell keeps what is known.

-- name: look
ANALYZE said_{kind};

-- name: find_known
CREATE UNLOGGED TABLE known_{kind} AS
SELECT DISTINCT ON ({key}) b.*
FROM {table} AS b
JOIN said_{kind} AS s USING ({key})
ORDER BY {key}, b.booked_at DESC, b.id DESC;

-- name: look_at_known
ANALYZE known_{kind};

-- name: find_changed
CREATE UNLOGGED TABLE changed_{kind} AS
SELECT {key_of_said}, {completed}, greatest(%(now)s, known.booked_at) AS booked_at
FROM said_{kind} AS s
JOIN known_{kind} AS known USING ({key})
WHERE ({compared}) IS DISTINCT FROM ({known});

-- name: update
INSERT INTO {table} ({key}, {columns}, booked_at)
SELECT {key}, {columns}, booked_at FROM changed_{kind};

-- name: insert
INSERT INTO {table} ({key}, {columns}, booked_at)
SELECT {key}, {columns}, booked_at
FROM said_{kind} AS s
WHERE NOT EXISTS (SELECT FROM known_{kind} AS known WHERE ({key_of_known}) = ({key_of_said}));

-- name: touch
INSERT INTO touched_loan (loan_id)
SELECT loan_id FROM changed_{kind}
UNION ALL
SELECT s.loan_id
FROM said_{kind} AS s
WHERE NOT EXISTS (SELECT FROM known_{kind} AS known WHERE ({key_of_known}) = ({key_of_said}))
    AND NOT EXISTS (SELECT FROM new_loan_id AS new WHERE new.id = s.loan_id);
