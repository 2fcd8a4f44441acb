-- The rejected rows, one per row of a file however many faults it has.
--
-- Grain    source, file, row. The first fault gives column and value; the reasons are joined.
-- Cost     one aggregate over reject; between reads an index, chunk by chunk.

-- name: count
SELECT count(DISTINCT (source, file, "row")) FROM reject;

-- name: first
SELECT source, file, "row", column_name, value, reason
FROM reject
ORDER BY source, file, "row", column_name
LIMIT %(limit)s;

-- name: index
CREATE INDEX ON reject (source, file, "row");

-- name: files
SELECT DISTINCT source::integer, file FROM reject;

-- name: between
SELECT
    "row", (array_agg(column_name ORDER BY column_name))[1], (array_agg(value ORDER BY column_name))[1],
    string_agg(DISTINCT CASE WHEN column_name = '' THEN reason ELSE column_name || ' ' || reason END, '; ')
FROM reject
WHERE source = %(source)s AND file = %(file)s AND "row" > %(after)s AND "row" <= %(until)s
GROUP BY "row"
ORDER BY "row";
