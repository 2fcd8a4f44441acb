-- Seal what waits: number each row in its borrower's chain and link it to the one before. Cost is of what waits, not of what is
-- sealed already. One sealing at a time; what another transaction has not committed yet waits for the next.

-- name: begin
CREATE TEMP TABLE sealing (
    borrower_id bigint NOT NULL,
    source text NOT NULL,
    source_id bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    is_activity boolean NOT NULL,
    facts_sha256 bytea NOT NULL,
    texts jsonb,
    salt bytea
) ON COMMIT DROP

-- name: waiting
SELECT source, count(*) FROM recovery_unsealedevidence GROUP BY source ORDER BY source

-- name: take
WITH waiting AS (
    DELETE FROM recovery_unsealedevidence
    WHERE source = %(source)s AND source_id = ANY (
        ARRAY(SELECT source_id FROM recovery_unsealedevidence WHERE source = %(source)s ORDER BY source_id LIMIT %(limit)s)
    )
    RETURNING source_id
)
INSERT INTO sealing
SELECT
    entry.borrower_id, %(source)s, entry.id, entry.happened_at, entry.is_activity,
    sha256(convert_to(entry.facts::text, 'UTF8')), entry.texts,
    CASE WHEN entry.texts IS NOT NULL THEN uuid_send(gen_random_uuid()) END
FROM waiting
JOIN ({rows}) AS entry (id, borrower_id, happened_at, is_activity, facts, texts) ON entry.id = waiting.source_id
WHERE NOT EXISTS (
    SELECT FROM recovery_evidenceevent AS event WHERE event.source = %(source)s AND event.source_id = entry.id
)

-- name: take_of_borrower
WITH entry AS (
    SELECT entry.*
    FROM ({rows}) AS entry (id, borrower_id, happened_at, is_activity, facts, texts)
    WHERE entry.borrower_id = %(borrower)s AND NOT EXISTS (
        SELECT FROM recovery_evidenceevent AS event WHERE event.source = %(source)s AND event.source_id = entry.id
    )
), waiting AS (
    DELETE FROM recovery_unsealedevidence WHERE source = %(source)s AND source_id IN (SELECT id FROM entry)
)
INSERT INTO sealing
SELECT
    borrower_id, %(source)s, id, happened_at, is_activity, sha256(convert_to(facts::text, 'UTF8')), texts,
    CASE WHEN texts IS NOT NULL THEN uuid_send(gen_random_uuid()) END
FROM entry

-- name: link
WITH digested AS (
    SELECT
        entry.*, sha256(salt || convert_to(texts::text, 'UTF8')) AS texts_sha256, chain.sha256 AS head,
        (coalesce(chain.length, 0) + row_number() OVER (
            PARTITION BY entry.borrower_id ORDER BY entry.happened_at, entry.source, entry.source_id
        ))::integer AS number
    FROM sealing AS entry
    LEFT JOIN recovery_evidencechain AS chain ON chain.borrower_id = entry.borrower_id
), linked AS (
    SELECT
        digested.*, chain_digest(head, evidence_link(borrower_id, number, source, source_id, facts_sha256, texts_sha256))
            OVER (PARTITION BY borrower_id ORDER BY number ROWS UNBOUNDED PRECEDING) AS sha256
    FROM digested
), sealed AS (
    INSERT INTO recovery_evidenceevent (
        borrower_id, number, source, source_id, happened_at, facts_sha256, texts_sha256, salt, sha256, seal_id
    )
    SELECT borrower_id, number, source, source_id, happened_at, facts_sha256, texts_sha256, salt, sha256, %(seal)s
    FROM linked
    ORDER BY borrower_id, number
), moved AS (
    INSERT INTO recovery_evidencechain AS chain (borrower_id, length, sha256, last_activity_at)
    SELECT
        borrower_id, max(number), (array_agg(sha256 ORDER BY number DESC))[1], max(happened_at) FILTER (WHERE is_activity)
    FROM linked
    GROUP BY borrower_id
    ON CONFLICT (borrower_id) DO UPDATE SET
        length = excluded.length, sha256 = excluded.sha256,
        last_activity_at = greatest(chain.last_activity_at, excluded.last_activity_at)
)
INSERT INTO recovery_evidenceseal (id, sealed_at, n_events, sha256)
SELECT
    %(seal)s, clock_timestamp(), count(*),
    chain_digest((SELECT sha256 FROM recovery_evidenceseal ORDER BY id DESC LIMIT 1), sha256 ORDER BY borrower_id, number)
FROM linked
HAVING count(*) > 0
RETURNING n_events
