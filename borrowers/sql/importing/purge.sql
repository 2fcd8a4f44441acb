-- Take the rows rejected in this round out of the staging tables, whole: a row that feeds a loan and its payment loses both.
--
-- Grain    the new rejects. Before they go, the loans whose instalments go with them are noted in reject, so that the next round
--          takes the rest of their schedules.
-- Cost     one hash join per staging table; run only where something was rejected.

-- name: note_loans
UPDATE reject AS r
SET loan = i.loan
FROM staged_instalment AS i
WHERE r.is_new AND r.loan IS NULL AND (i.source, i.file, i."row") = (r.source, r.file, r."row");

-- name: purge
DELETE FROM staged_{kind} AS s USING reject AS r
WHERE r.is_new AND (s.source, s.file, s."row") = (r.source, r.file, r."row");

-- name: age
UPDATE reject SET is_new = false WHERE is_new;
