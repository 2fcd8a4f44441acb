-- Reserving: the one way to place an attempt. Whatever comes in, by verb, in bulk or by hand, passes the trigger.

-- An attempt is numbered, timed, answered and refused here. The person's row is locked until the transaction ends, so that of two who
-- ask for the last attempt the second sees the first; a transaction with an older snapshot meets attempts_are_numbered_once.
--
-- The clock is the database's, whatever reserved_at says; only books that are frozen on a day take an instant, of that day.
-- What was performed already is recorded whatever the rules say, with its event, and flagged.
CREATE FUNCTION guard_reservation() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    books borrowers_businessdate;
    event borrowers_contactevent;
BEGIN
    PERFORM FROM borrowers_borrower WHERE id = NEW.borrower_id FOR NO KEY UPDATE;
    NEW.booked_at := clock_timestamp();
    NEW.flags := '{}';
    NEW.number := 1 + coalesce((SELECT max(number) FROM recovery_contactreservation WHERE borrower_id = NEW.borrower_id), 0);
    NEW.ended_at := NULL;
    IF NEW.state = 'performed' THEN
        SELECT * INTO event FROM borrowers_contactevent WHERE id = NEW.contact_event_id;
        IF event.id IS NULL OR event.borrower_id <> NEW.borrower_id OR event.channel <> NEW.channel THEN
            RAISE EXCEPTION USING
                ERRCODE = 'check_violation', CONSTRAINT = 'attempt_is_reserved_or_took_place', TABLE = TG_TABLE_NAME,
                MESSAGE = 'an attempt that was not reserved is recorded with its contact, of the same person and channel';
        END IF;
        NEW.loan_id := event.loan_id;
        NEW.contact_point_id := event.contact_point_id;
        NEW.reserved_at := event.happened_at;
        NEW.ended_at := event.happened_at;
        NEW.lease_until := NULL;
        NEW.answer := contact_answer(
            NEW.borrower_id, NEW.loan_id, NEW.channel, NEW.contact_point_id, NEW.reserved_at, NEW.purpose, NULL, event.id, true
        );
        NEW.flags := flags_of(NEW.answer);
    ELSIF NEW.state = 'reserved' THEN
        SELECT * INTO books FROM borrowers_businessdate LIMIT 1;
        IF NOT coalesce(books.is_frozen, false) THEN
            NEW.reserved_at := clock_timestamp();
        ELSIF NEW.reserved_at IS NULL
            OR NEW.reserved_at NOT BETWEEN ((books.day - interval '14 hours') AT TIME ZONE 'UTC')
                AND ((books.day + interval '38 hours') AT TIME ZONE 'UTC')
        THEN
            RAISE EXCEPTION USING
                ERRCODE = 'check_violation', CONSTRAINT = 'reservation_is_of_the_day_of_the_books', TABLE = TG_TABLE_NAME,
                MESSAGE = format('the books stand on %s: reserve for an instant of that day', books.day);
        END IF;
        NEW.contact_event_id := NULL;
        NEW.lease_until := least(
            greatest(coalesce(NEW.lease_until, NEW.reserved_at + interval '30 minutes'), NEW.reserved_at), NEW.reserved_at + interval '1 day'
        );
        NEW.answer := contact_answer(
            NEW.borrower_id, NEW.loan_id, NEW.channel, NEW.contact_point_id, NEW.reserved_at, NEW.purpose
        );
        IF NOT (NEW.answer ->> 'is_allowed')::boolean THEN
            RAISE EXCEPTION USING
                ERRCODE = 'check_violation', CONSTRAINT = 'contact_is_permitted', TABLE = TG_TABLE_NAME,
                MESSAGE = array_to_string(flags_of(NEW.answer), ' '), DETAIL = NEW.answer::text;
        END IF;
    ELSE
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation', CONSTRAINT = 'attempt_is_reserved_or_took_place', TABLE = TG_TABLE_NAME,
            MESSAGE = 'an attempt begins as reserved, or as performed with its contact';
    END IF;
    NEW.rule_id := (NEW.answer #>> '{rule,id}')::bigint;
    NEW.consent_id := substring(NEW.answer ->> 'consented' FROM '^consent (\d+)$')::bigint;
    RETURN NEW;
END
$$;

CREATE FUNCTION flags_of(answer jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT coalesce(array_agg(given.said ->> 'text'), '{}')
        || CASE WHEN answer -> 'reasons' <> '[]' AND answer ? 'next_allowed_local'
            THEN ARRAY['Next from ' || (answer ->> 'next_allowed_local') || '.'] ELSE '{}' END
    FROM jsonb_array_elements(answer -> 'reasons') AS given (said)
$$;

CREATE TRIGGER contacts_are_permitted BEFORE INSERT ON recovery_contactreservation
    FOR EACH ROW EXECUTE FUNCTION guard_reservation();

-- An attempt moves on once: reserved to performed, released, expired or blocked. One that was made after its lease ended, or
-- although it was released, still counts: it is performed, and flagged if it was no longer permitted. All else stays as it was.
CREATE FUNCTION guard_reservation_step() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    event borrowers_contactevent;
    answer jsonb;
BEGIN
    IF (to_jsonb(NEW) - '{state,ended_at,contact_event_id,flags}'::text[])
        <> (to_jsonb(OLD) - '{state,ended_at,contact_event_id,flags}'::text[])
        OR NOT (
            OLD.state = 'reserved' AND NEW.state IN ('performed', 'released', 'expired', 'blocked')
            OR OLD.state IN ('expired', 'released', 'blocked') AND NEW.state = 'performed'
            OR OLD.state = 'performed' AND NEW.state = 'performed' AND OLD.contact_event_id IS NULL
        )
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation', CONSTRAINT = 'attempt_moves_on_once', TABLE = TG_TABLE_NAME,
            MESSAGE = format('attempt %s cannot go from %s to %s', OLD.id, OLD.state, NEW.state);
    END IF;
    NEW.flags := OLD.flags;
    NEW.ended_at := coalesce(OLD.ended_at, NEW.ended_at, clock_timestamp());
    IF NEW.contact_event_id IS NOT NULL THEN
        SELECT * INTO event FROM borrowers_contactevent WHERE id = NEW.contact_event_id;
        IF event.borrower_id <> NEW.borrower_id OR event.channel <> NEW.channel THEN
            RAISE EXCEPTION USING
                ERRCODE = 'check_violation', CONSTRAINT = 'attempt_is_of_its_contact', TABLE = TG_TABLE_NAME,
                MESSAGE = format('contact %s is of another person or channel than attempt %s', event.id, NEW.id);
        END IF;
    END IF;
    IF NEW.state = 'performed' AND (OLD.state IN ('expired', 'released', 'blocked') OR event.happened_at > OLD.lease_until) THEN
        answer := contact_answer(
            NEW.borrower_id, NEW.loan_id, NEW.channel, NEW.contact_point_id, coalesce(event.happened_at, NEW.ended_at), NEW.purpose,
            NEW.id, NEW.contact_event_id, event.id IS NOT NULL
        );
        NEW.flags := flags_of(answer);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER attempts_move_on_once BEFORE UPDATE ON recovery_contactreservation
    FOR EACH ROW EXECUTE FUNCTION guard_reservation_step();

CREATE TRIGGER recovery_contactreservation_is_append_only BEFORE DELETE OR TRUNCATE ON recovery_contactreservation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Reserve an attempt, or log why not. An agent who has one open for the same person, debt and channel gets that one again.
CREATE FUNCTION reserve_contact(
    p_borrower bigint,
    p_loan bigint,
    p_channel text,
    p_contact_point bigint,
    p_agent bigint,
    p_instant timestamptz,
    p_purpose text DEFAULT 'collection',
    p_lease interval DEFAULT '30 minutes'
) RETURNS TABLE (reservation_id bigint, block_id bigint, is_repeat boolean, answer jsonb)
LANGUAGE plpgsql
AS $$
DECLARE
    said text;
    broken text;
    now_here CONSTANT timestamptz := CASE
        WHEN (SELECT is_frozen FROM borrowers_businessdate LIMIT 1) THEN p_instant ELSE clock_timestamp() END;
BEGIN
    PERFORM FROM borrowers_borrower WHERE id = p_borrower FOR NO KEY UPDATE;
    UPDATE recovery_contactreservation AS attempt SET state = 'expired', ended_at = attempt.lease_until
    WHERE attempt.borrower_id = p_borrower AND attempt.state = 'reserved' AND attempt.lease_until <= now_here;
    SELECT attempt.id, NULL, true, attempt.answer INTO reservation_id, block_id, is_repeat, answer
    FROM recovery_contactreservation AS attempt
    WHERE attempt.borrower_id = p_borrower AND attempt.state = 'reserved' AND attempt.channel = p_channel
        AND attempt.loan_id IS NOT DISTINCT FROM p_loan AND attempt.contact_point_id IS NOT DISTINCT FROM p_contact_point
        AND attempt.agent_id = p_agent AND attempt.purpose = p_purpose;
    IF FOUND THEN
        RETURN NEXT;
        RETURN;
    END IF;
    is_repeat := false;
    BEGIN
        INSERT INTO recovery_contactreservation AS attempt (
            borrower_id, loan_id, channel, contact_point_id, purpose, agent_id, reserved_at, lease_until
        )
        VALUES (p_borrower, p_loan, p_channel, p_contact_point, p_purpose, p_agent, now_here, now_here + p_lease)
        RETURNING attempt.id, attempt.answer INTO reservation_id, answer;
    EXCEPTION WHEN check_violation THEN
        GET STACKED DIAGNOSTICS said = PG_EXCEPTION_DETAIL, broken = CONSTRAINT_NAME;
        IF broken <> 'contact_is_permitted' THEN
            RAISE;
        END IF;
        answer := said::jsonb;
        INSERT INTO recovery_contactblock AS block (
            borrower_id, loan_id, channel, contact_point_id, purpose, agent_id, asked_at, rule_id, answer
        )
        VALUES (
            p_borrower, p_loan, p_channel, p_contact_point, p_purpose, p_agent, (answer ->> 'instant')::timestamptz,
            (answer #>> '{rule,id}')::bigint, answer
        )
        RETURNING block.id INTO block_id;
    END;
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION reserve_contact(bigint, bigint, text, bigint, bigint, timestamptz, text, interval) IS
    'Reserve an attempt to contact a person, or log why it is not permitted.';
