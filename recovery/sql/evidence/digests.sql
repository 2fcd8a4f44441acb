-- How evidence is written down and linked: the same row, text and order give the same bytes on every server.

CREATE FUNCTION utc_text(p_instant timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT to_char(p_instant AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- Texts without the empty ones; null where none is left.
CREATE FUNCTION kept_texts(p_texts jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT nullif(jsonb_strip_nulls(p_texts), '{}')
$$;

-- What a link of a chain adds to the digest before it.
CREATE FUNCTION evidence_link(
    p_borrower bigint, p_number integer, p_source text, p_source_id bigint, p_facts bytea, p_texts bytea
) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT convert_to(p_borrower::text || '|' || p_number::text || '|' || p_source || '|' || p_source_id::text, 'UTF8')
        || p_facts || coalesce(p_texts, '')
$$;

CREATE FUNCTION next_digest(p_state bytea, p_head bytea, p_link bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT sha256(coalesce(p_state, p_head, '') || p_link)
$$;

-- The digest at the end of a chain that goes on from a head, which is the same in every row; as a window, the one at each link.
CREATE AGGREGATE chain_digest(bytea, bytea) (SFUNC = next_digest, STYPE = bytea);
