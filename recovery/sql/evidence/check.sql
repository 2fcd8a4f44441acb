-- What breaks a chain of evidence, one line each; %(borrower)s is a borrower, or null for all of them.

-- name: entries
SELECT format(
    'event %%s of borrower %%s (%%s %%s): %%s', event.number, event.borrower_id, event.source, event.source_id,
    CASE
        WHEN entry.id IS NULL THEN 'its row is gone'
        WHEN entry.borrower_id <> event.borrower_id THEN format('its row is of borrower %%s now', entry.borrower_id)
        WHEN sha256(convert_to(entry.facts::text, 'UTF8')) <> event.facts_sha256 OR entry.happened_at <> event.happened_at
            THEN 'its facts were changed'
        ELSE 'its text was changed'
    END
)
FROM recovery_evidenceevent AS event
LEFT JOIN ({rows}) AS entry (id, borrower_id, happened_at, is_activity, facts, texts) ON entry.id = event.source_id
WHERE event.source = %(source)s AND (%(borrower)s IS NULL OR event.borrower_id = %(borrower)s) AND (
    entry.id IS NULL
    OR entry.borrower_id <> event.borrower_id
    OR entry.happened_at <> event.happened_at
    OR sha256(convert_to(entry.facts::text, 'UTF8')) <> event.facts_sha256
    OR CASE
        WHEN event.texts_sha256 IS NULL THEN entry.texts IS NOT NULL
        WHEN event.salt IS NOT NULL
            THEN sha256(event.salt || convert_to(entry.texts::text, 'UTF8')) IS DISTINCT FROM event.texts_sha256
        ELSE
            NOT is_erasure_approved(event.borrower_id, event.number)
            OR EXISTS (SELECT FROM jsonb_each_text(entry.texts) WHERE value <> '[erased]')
    END
)

-- name: links
SELECT format(
    'event %%s of borrower %%s: %%s', number, borrower_id,
    CASE WHEN number <> place THEN 'events before it are missing' ELSE 'it does not follow from the one before' END
)
FROM (
    SELECT
        borrower_id, number, sha256, row_number() OVER (PARTITION BY borrower_id ORDER BY number) AS place,
        sha256(
            coalesce(lag(sha256) OVER (PARTITION BY borrower_id ORDER BY number), '')
            || evidence_link(borrower_id, number, source, source_id, facts_sha256, texts_sha256)
        ) AS expected
    FROM recovery_evidenceevent
    WHERE %(borrower)s IS NULL OR borrower_id = %(borrower)s
) AS linked
WHERE number <> place OR sha256 <> expected

-- name: ends
SELECT format('borrower %%s: the chain ends at event %%s, not at %%s', borrower_id, coalesce(last.number, 0), chain.length)
FROM recovery_evidencechain AS chain
LEFT JOIN LATERAL (
    SELECT event.number, event.sha256 FROM recovery_evidenceevent AS event
    WHERE event.borrower_id = chain.borrower_id
    ORDER BY event.number DESC
    LIMIT 1
) AS last ON true
WHERE (%(borrower)s IS NULL OR chain.borrower_id = %(borrower)s)
    AND (last.number, last.sha256) IS DISTINCT FROM (chain.length, chain.sha256)

-- name: seals
SELECT format('seal %%s of %%s: its events are not the ones that it sealed', seal.id, seal.sealed_at)
FROM (
    SELECT id, sealed_at, n_events, sha256, lag(sha256) OVER (ORDER BY id) AS head FROM recovery_evidenceseal
) AS seal
LEFT JOIN (
    SELECT
        event.seal_id, count(*) AS n_events,
        chain_digest(before.sha256, event.sha256 ORDER BY event.borrower_id, event.number) AS sha256
    FROM recovery_evidenceevent AS event
    LEFT JOIN (SELECT id, lag(sha256) OVER (ORDER BY id) AS sha256 FROM recovery_evidenceseal) AS before
        ON before.id = event.seal_id
    GROUP BY event.seal_id
) AS found ON found.seal_id = seal.id
WHERE (found.n_events, found.sha256) IS DISTINCT FROM (seal.n_events::bigint, seal.sha256)

-- name: left_out
SELECT format('%%s %%s of borrower %%s is neither sealed nor waits for it', %(source)s, entry.id, entry.borrower_id)
FROM ({rows}) AS entry (id, borrower_id, happened_at, is_activity, facts, texts)
WHERE (%(borrower)s IS NULL OR entry.borrower_id = %(borrower)s)
    AND NOT EXISTS (
        SELECT FROM recovery_evidenceevent AS event WHERE event.source = %(source)s AND event.source_id = entry.id
    )
    AND NOT EXISTS (
        SELECT FROM recovery_unsealedevidence AS waiting WHERE waiting.source = %(source)s AND waiting.source_id = entry.id
    )

-- name: rows_of_events
SELECT event.number, entry.facts::text, entry.texts::text
FROM recovery_evidenceevent AS event
JOIN ({rows}) AS entry (id, borrower_id, happened_at, is_activity, facts, texts) ON entry.id = event.source_id
WHERE event.source = %(source)s AND event.borrower_id = %(borrower)s
