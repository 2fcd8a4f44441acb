-- Which rules hold: the profile that the lender chose, and the newest approved version for a jurisdiction or one above it.

CREATE FUNCTION jurisdictions_above(p_code text) RETURNS TABLE (code text, depth integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
AS $$
    WITH RECURSIVE above AS (
        SELECT place.code, place.parent_id, 0 AS depth FROM recovery_jurisdiction AS place WHERE place.code = p_code
        UNION ALL
        SELECT place.code, place.parent_id, above.depth + 1
        FROM above JOIN recovery_jurisdiction AS place ON place.code = above.parent_id
        WHERE above.depth < 5
    )
    SELECT above.code, above.depth FROM above
$$;

-- All zones of a jurisdiction; those of the one above where it names none.
CREATE FUNCTION zones_of_jurisdiction(p_code text) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT place.time_zones::text[]
    FROM jurisdictions_above(p_code) AS above
    JOIN recovery_jurisdiction AS place ON place.code = above.code
    WHERE cardinality(place.time_zones) > 0
    ORDER BY above.depth
    LIMIT 1
$$;

-- No choice of a profile means the stricter one.
CREATE FUNCTION contact_profile() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT coalesce((SELECT profile FROM recovery_contactprofile ORDER BY id DESC LIMIT 1), 'third_party')
$$;

CREATE FUNCTION contact_rule_of(p_code text, p_profile text, p_day date) RETURNS recovery_contactrule
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT rule
    FROM jurisdictions_above(p_code) AS above
    JOIN recovery_contactrule AS rule ON rule.jurisdiction_id = above.code
    WHERE rule.profile = p_profile AND rule.approved_at IS NOT NULL AND rule.effective_from <= p_day
    ORDER BY above.depth, rule.effective_from DESC, rule.version DESC
    LIMIT 1
$$;

-- Since when a loan is time-barred as of a day, from the figures of the last refresh; null where it is not, or where no period is
-- known for the borrower's jurisdiction. The period runs from the oldest unpaid due day, or from the last payment after it
-- where a payment restarts it.
CREATE FUNCTION time_barred_since(p_loan bigint, p_day date) RETURNS TABLE (since date, payment_restarts boolean, source text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
AS $$
    SELECT barred.since, period.payment_restarts, period.source
    FROM borrowers_loan AS loan
    JOIN borrowers_borrower AS borrower ON borrower.id = loan.borrower_id
    JOIN borrowers_product AS product ON product.id = loan.product_id
    JOIN borrowers_delinquency AS figure ON figure.loan_id = loan.id
    CROSS JOIN LATERAL (
        SELECT version.months, version.payment_restarts, version.source
        FROM jurisdictions_above(borrower.jurisdiction) AS above
        JOIN recovery_limitationperiod AS version ON version.jurisdiction_id = above.code
        WHERE version.approved_at IS NOT NULL AND version.effective_from <= p_day AND version.debt IN ('any', product.kind)
        ORDER BY above.depth, version.debt = 'any', version.effective_from DESC, version.version DESC
        LIMIT 1
    ) AS period
    CROSS JOIN LATERAL (
        SELECT coalesce(figure.oldest_unpaid_due_on, figure.as_of - figure.days_past_due) AS due_on
    ) AS oldest
    CROSS JOIN LATERAL (
        SELECT (
            CASE WHEN period.payment_restarts THEN greatest(oldest.due_on, figure.last_paid_on) ELSE oldest.due_on END
            + make_interval(months => period.months)
        )::date AS since
    ) AS barred
    WHERE loan.id = p_loan AND figure.days_past_due > 0 AND barred.since <= p_day
$$;

-- An approved version is never changed or deleted; a draft may be.
CREATE FUNCTION keep_approved_versions() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF OLD.approved_at IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation',
            CONSTRAINT = TG_TABLE_NAME || '_is_kept_once_approved',
            TABLE = TG_TABLE_NAME,
            MESSAGE = format('%s is refused on %s %s: it is approved, draft a new version', TG_OP, TG_TABLE_NAME, OLD.id);
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;

CREATE TRIGGER approved_contact_rules_are_kept BEFORE UPDATE OR DELETE ON recovery_contactrule
    FOR EACH ROW EXECUTE FUNCTION keep_approved_versions();
CREATE TRIGGER approved_limitation_periods_are_kept BEFORE UPDATE OR DELETE ON recovery_limitationperiod
    FOR EACH ROW EXECUTE FUNCTION keep_approved_versions();

CREATE FUNCTION check_zones_of_jurisdiction() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    wrong text;
BEGIN
    SELECT name INTO wrong FROM unnest(NEW.time_zones) AS zone (name)
    WHERE NOT EXISTS (SELECT FROM recovery_known_time_zone AS known WHERE known.name = zone.name)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation', CONSTRAINT = 'time_zone_is_known', TABLE = TG_TABLE_NAME,
            MESSAGE = format('%s is no time zone: take an IANA name such as America/New_York', wrong);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER zones_of_jurisdictions_are_known BEFORE INSERT OR UPDATE ON recovery_jurisdiction
    FOR EACH ROW EXECUTE FUNCTION check_zones_of_jurisdiction();
