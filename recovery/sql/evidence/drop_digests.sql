DROP AGGREGATE chain_digest(bytea, bytea);
DROP FUNCTION next_digest(bytea, bytea, bytea);
DROP FUNCTION evidence_link(bigint, integer, text, bigint, bytea, bytea);
DROP FUNCTION kept_texts(jsonb);
DROP FUNCTION utc_text(timestamptz);
