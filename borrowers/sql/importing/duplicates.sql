-- Rows that speak of the same thing twice. {kind} is borrower, loan, instalment or payment; {key} are the columns that name
-- one; {group} is the key, for borrowers and loans within one [[source]], since there several sources may complete each other.
--
-- Grain    one row per staged row whose key is there more than once.
-- Cost     one hash aggregate over the staged rows; only groups of more than one row are looked at in full.
-- Rule     identical rows count once; of rows that differ all are rejected, or the first or last is kept, as the mapping says.

-- name: find
CREATE TABLE duplicate AS
WITH twice AS (
    SELECT {group} FROM staged_{kind} GROUP BY {group} HAVING count(*) > 1
),
member AS (
    SELECT s.*, to_jsonb(s) - ARRAY['source', 'file', 'row'] AS payload
    FROM staged_{kind} AS s
    JOIN twice USING ({group})
),
compared AS (
    SELECT
        {group}, count(DISTINCT payload) > 1 AS differ, count(*) AS n,
        (array_agg(DISTINCT "row"))[1:5] AS listed
    FROM member
    GROUP BY {group}
)
SELECT
    source, file, "row", {key}, differ, n, array_to_string(listed, ', ') AS listed,
    row_number() OVER (PARTITION BY {group} ORDER BY source, file, "row") AS from_first,
    row_number() OVER (PARTITION BY {group} ORDER BY source DESC, file DESC, "row" DESC) AS from_last
FROM member
JOIN compared USING ({group});

-- name: reject
INSERT INTO reject (source, file, "row", reason)
SELECT
    source, file, "row",
    format(
        '{kind} %%s is there %%s times and the rows differ (rows %%s); keep one, or say duplicates = "first" or "last"',
        concat_ws(' number ', {key}), n, listed
    )
FROM duplicate
WHERE differ AND source = ANY(%(rejecting)s);

-- name: count
SELECT
    count(*) FILTER (WHERE NOT differ AND from_first > 1) AS identical,
    count(*) FILTER (WHERE differ AND source = ANY(%(first)s) AND from_first > 1) AS kept_first,
    count(*) FILTER (WHERE differ AND source = ANY(%(last)s) AND from_last > 1) AS kept_last
FROM duplicate
WHERE source = ANY(%(told)s);

-- name: drop_others
DELETE FROM staged_{kind} AS s
USING duplicate AS d
WHERE (s.source, s.file, s."row") = (d.source, d.file, d."row")
    AND {same_key}
    AND CASE
        WHEN NOT d.differ THEN d.from_first > 1
        WHEN d.source = ANY(%(first)s) THEN d.from_first > 1
        WHEN d.source = ANY(%(last)s) THEN d.from_last > 1
        ELSE false
    END;

-- name: forget
DROP TABLE duplicate;
