-- Holds in force, and holds that follow from what a borrower said.

-- Holds of a person that stand at an instant, for one debt or, without a loan, for any. A hold stands on whole days in the
-- borrower's zone; where the zone is not certain it starts with the first and ends with the last of them. A lift counts at once.
CREATE OR REPLACE FUNCTION holds_of(p_borrower bigint, p_loan bigint, p_instant timestamptz, p_zones text[]) RETURNS SETOF recovery_hold
LANGUAGE sql STABLE PARALLEL SAFE ROWS 2
AS $$
    SELECT hold.*
    FROM recovery_hold AS hold
    CROSS JOIN LATERAL (
        SELECT min((p_instant AT TIME ZONE name)::date) AS first, max((p_instant AT TIME ZONE name)::date) AS last
        FROM unnest(p_zones) AS zone (name)
    ) AS today
    WHERE hold.borrower_id = p_borrower
        AND hold.lifts_id IS NULL
        AND (hold.loan_id IS NULL OR p_loan IS NULL OR hold.loan_id = p_loan)
        AND hold.starts_on <= today.last
        AND (hold.ends_on IS NULL OR hold.ends_on >= today.first)
        AND NOT EXISTS (
            SELECT FROM recovery_hold AS lift WHERE lift.lifts_id = hold.id AND lift.starts_on <= today.last
        )
    ORDER BY hold.id
$$;

-- The same for all borrowers on a day, as known at an instant: what policies decide from.
CREATE OR REPLACE FUNCTION holds_on(p_day date, p_known timestamptz) RETURNS SETOF recovery_hold
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT hold.*
    FROM recovery_hold AS hold
    WHERE hold.lifts_id IS NULL
        AND hold.starts_on <= p_day
        AND (hold.ends_on IS NULL OR hold.ends_on >= p_day)
        AND hold.booked_at <= p_known
        AND NOT EXISTS (
            SELECT FROM recovery_hold AS lift
            WHERE lift.lifts_id = hold.id AND lift.starts_on <= p_day AND lift.booked_at <= p_known
        )
$$;

-- A loan of a hold is the person's own or one they answer for; a lift is of a hold of the same person and kind.
CREATE OR REPLACE FUNCTION check_hold() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    sentence text;
BEGIN
    IF NEW.loan_id IS NOT NULL AND NOT is_party_to(NEW.borrower_id, NEW.loan_id, NULL) THEN
        sentence := 'hold_is_on_a_debt_of_the_person';
    ELSIF NEW.contact_point_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM borrowers_contactpoint WHERE id = NEW.contact_point_id AND borrower_id = NEW.borrower_id
    ) THEN
        sentence := 'hold_is_on_a_contact_point_of_the_person';
    ELSIF NEW.lifts_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM recovery_hold AS hold
        WHERE hold.id = NEW.lifts_id AND hold.lifts_id IS NULL AND hold.borrower_id = NEW.borrower_id
            AND hold.kind = NEW.kind AND hold.starts_on <= NEW.starts_on
    ) THEN
        sentence := 'lift_is_of_a_hold_of_the_same_person_and_kind';
    END IF;
    IF sentence IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation', CONSTRAINT = sentence, TABLE = TG_TABLE_NAME,
            MESSAGE = format('a hold of borrower %s is refused: %s', NEW.borrower_id, replace(sentence, '_', ' '));
    END IF;
    RETURN NEW;
END
$$;

-- Whether a person owes a loan or answers for it, on a day or ever.
CREATE OR REPLACE FUNCTION is_party_to(p_borrower bigint, p_loan bigint, p_day date) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT EXISTS (SELECT FROM borrowers_loan WHERE id = p_loan AND borrower_id = p_borrower)
        OR EXISTS (
            SELECT FROM borrowers_loanparty
            WHERE loan_id = p_loan AND person_id = p_borrower
                AND (p_day IS NULL OR since <= p_day AND (until IS NULL OR until >= p_day))
        )
$$;

CREATE OR REPLACE TRIGGER holds_are_checked BEFORE INSERT ON recovery_hold FOR EACH ROW EXECUTE FUNCTION check_hold();

-- Who disputes or reports hardship is left in peace for 30 days, however the contact came into the books; a person decides what
-- follows. Where the contact is corrected later, the hold is lifted. Fires once per INSERT statement.
CREATE OR REPLACE FUNCTION hold_on_dispute_and_hardship() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO recovery_hold (borrower_id, loan_id, kind, starts_on, ends_on, reason, contact_event_id, set_by_id, booked_at)
    SELECT
        event.borrower_id,
        CASE WHEN event.outcome = 'dispute' THEN event.loan_id END,
        event.outcome, event.effective_on, event.effective_on + 29,
        CASE event.outcome WHEN 'dispute' THEN 'Said so in a contact: disputes the debt.' ELSE 'Said so in a contact: hardship.' END,
        event.id, event.agent_id, event.booked_at
    FROM new_event AS event
    WHERE event.outcome IN ('dispute', 'hardship')
        AND (
            event.outcome <> 'dispute' OR event.loan_id IS NULL OR is_party_to(event.borrower_id, event.loan_id, NULL)
        );
    INSERT INTO recovery_hold (borrower_id, loan_id, kind, starts_on, reason, lifts_id, contact_event_id, set_by_id, booked_at)
    SELECT
        hold.borrower_id, hold.loan_id, hold.kind, greatest(hold.starts_on, event.effective_on),
        'The contact that it followed from was corrected.', hold.id, event.id, event.agent_id, event.booked_at
    FROM new_event AS event
    JOIN recovery_hold AS hold ON hold.contact_event_id = event.corrects_id AND hold.lifts_id IS NULL
    WHERE NOT EXISTS (SELECT FROM recovery_hold AS lift WHERE lift.lifts_id = hold.id);
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER disputes_and_hardship_hold
    AFTER INSERT ON borrowers_contactevent
    REFERENCING NEW TABLE AS new_event
    FOR EACH STATEMENT EXECUTE FUNCTION hold_on_dispute_and_hardship();

-- Holds of contacts that were in the books before there were holds.
INSERT INTO recovery_hold (borrower_id, loan_id, kind, starts_on, ends_on, reason, contact_event_id, set_by_id, booked_at)
SELECT
    event.borrower_id, CASE WHEN event.outcome = 'dispute' THEN event.loan_id END, event.outcome, event.effective_on,
    event.effective_on + 29, 'Said so in a contact.', event.id, event.agent_id, event.booked_at
FROM borrowers_contactevent AS event
WHERE event.outcome IN ('dispute', 'hardship')
    AND NOT EXISTS (SELECT FROM recovery_hold AS hold WHERE hold.contact_event_id = event.id)
    AND NOT EXISTS (SELECT FROM borrowers_contactevent AS correction WHERE correction.corrects_id = event.id)
    AND (event.outcome <> 'dispute' OR event.loan_id IS NULL OR is_party_to(event.borrower_id, event.loan_id, NULL));
