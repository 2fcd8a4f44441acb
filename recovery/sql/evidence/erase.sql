-- Write [erased] where a borrower's events up to a number have personal text; {table}, {number} (the column that holds the event's
-- source_id), {is_left} and {erased} come from recovery.evidence.sources.

-- name: is_left
SELECT EXISTS (
    SELECT
    FROM {table} AS entry
    JOIN recovery_evidenceevent AS event ON event.source_id = entry.{number}
    WHERE event.borrower_id = %(borrower)s AND event.number <= %(through)s AND event.source = %(source)s AND ({is_left})
)

-- name: erase
UPDATE {table} AS entry
SET {erased}
FROM recovery_evidenceevent AS event
WHERE event.source_id = entry.{number} AND event.borrower_id = %(borrower)s AND event.number <= %(through)s
    AND event.source = %(source)s AND ({is_left})
