-- What links two entries of the ledger must link what belongs together. Each trigger fires once per INSERT statement and looks
-- at the new rows that carry a link only: one lookup by primary key each.

CREATE FUNCTION refuse_link(table_name text, sentence text, entry bigint, target bigint) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'check_violation',
        CONSTRAINT = sentence,
        TABLE = table_name,
        MESSAGE = format('entry %s cannot refer to entry %s: %s', entry, target, sentence);
END
$$;

-- A payment moves on from pending or in clearing, of the same loan and amount, and not before it was known.
CREATE FUNCTION check_payment_follows() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    wrong record;
BEGIN
    SELECT entry.id, entry.follows_id,
        CASE
            WHEN earlier.status NOT IN ('pending', 'in_clearing') THEN 'payment_moves_on_from_pending_or_clearing'
            WHEN entry.loan_id <> earlier.loan_id OR entry.amount <> earlier.amount
                THEN 'payment_moves_on_with_its_loan_and_amount'
            ELSE 'payment_moves_on_after_it_was_known'
        END AS sentence
    INTO wrong
    FROM new_payment AS entry
    JOIN borrowers_payment AS earlier ON earlier.id = entry.follows_id
    WHERE earlier.status NOT IN ('pending', 'in_clearing')
        OR entry.loan_id <> earlier.loan_id
        OR entry.amount <> earlier.amount
        OR entry.booked_at < earlier.booked_at
    LIMIT 1;
    IF FOUND THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, wrong.sentence, wrong.id, wrong.follows_id);
    END IF;
    SELECT entry.id, entry.reverses_id, 'only_what_is_cleared_is_reversed' AS sentence
    INTO wrong
    FROM new_payment AS entry
    JOIN borrowers_payment AS earlier ON earlier.id = entry.reverses_id
    WHERE earlier.status <> 'cleared'
    LIMIT 1;
    IF FOUND THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, wrong.sentence, wrong.id, wrong.reverses_id);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER payment_steps_are_checked
    AFTER INSERT ON borrowers_payment
    REFERENCING NEW TABLE AS new_payment
    FOR EACH STATEMENT EXECUTE FUNCTION check_payment_follows();

-- A waiver takes back a whole charge of the same loan, not before it.
CREATE FUNCTION check_waivers() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    wrong record;
BEGIN
    SELECT waiver.id, waiver.waives_id,
        CASE
            WHEN waiver.loan_id <> charge.loan_id OR charge.waives_id IS NOT NULL OR waiver.amount <> -charge.amount
                THEN 'waiver_is_of_a_whole_charge_of_the_same_loan'
            ELSE 'waiver_is_not_before_its_charge'
        END AS sentence
    INTO wrong
    FROM new_charge AS waiver
    JOIN borrowers_charge AS charge ON charge.id = waiver.waives_id
    WHERE waiver.loan_id <> charge.loan_id
        OR charge.waives_id IS NOT NULL
        OR waiver.amount <> -charge.amount
        OR waiver.effective_on < charge.effective_on
        OR waiver.booked_at < charge.booked_at
    LIMIT 1;
    IF FOUND THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, wrong.sentence, wrong.id, wrong.waives_id);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER charge_waivers_are_checked
    AFTER INSERT ON borrowers_charge
    REFERENCING NEW TABLE AS new_charge
    FOR EACH STATEMENT EXECUTE FUNCTION check_waivers();

-- A revocation takes back an event of the same loan, not before it.
CREATE FUNCTION check_revocations() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    wrong record;
BEGIN
    SELECT revocation.id, revocation.revokes_id,
        CASE
            WHEN revocation.loan_id <> event.loan_id OR event.kind = 'revoked'
                THEN 'revocation_is_of_an_event_of_the_same_loan'
            ELSE 'revocation_is_not_before_its_event'
        END AS sentence
    INTO wrong
    FROM new_event AS revocation
    JOIN borrowers_loanevent AS event ON event.id = revocation.revokes_id
    WHERE revocation.loan_id <> event.loan_id
        OR event.kind = 'revoked'
        OR revocation.effective_on < event.effective_on
        OR revocation.booked_at < event.booked_at
    LIMIT 1;
    IF FOUND THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, wrong.sentence, wrong.id, wrong.revokes_id);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER loan_event_revocations_are_checked
    AFTER INSERT ON borrowers_loanevent
    REFERENCING NEW TABLE AS new_event
    FOR EACH STATEMENT EXECUTE FUNCTION check_revocations();
