-- What keeps evidence, and the one way in which personal text leaves it.
--
-- Races    a legal hold and a decision about an erasure of the same borrower come one after the other: both lock the borrower.
-- Answers  an IntegrityError under the sentence that was broken.

-- Months to keep evidence after the last activity where a borrower lives, else above, else everywhere; null where nobody says.
CREATE FUNCTION retention_months(p_jurisdiction text, p_day date) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT period.months
    FROM (SELECT * FROM jurisdictions_above(p_jurisdiction) UNION ALL VALUES (NULL, 100)) AS above (code, depth)
    JOIN recovery_retentionperiod AS period ON period.jurisdiction_id IS NOT DISTINCT FROM above.code
    WHERE period.approved_at IS NOT NULL AND period.effective_from <= p_day
    ORDER BY above.depth, period.effective_from DESC, period.version DESC
    LIMIT 1
$$;

-- The last day on which a borrower's evidence is kept; null where nobody says for how long.
CREATE FUNCTION retention_ends_on(p_borrower bigint, p_day date) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT (
        (coalesce(chain.last_activity_at, borrower.created_at) AT TIME ZONE 'UTC')::date
        + make_interval(months => retention_months(borrower.jurisdiction, p_day))
    )::date
    FROM borrowers_borrower AS borrower
    LEFT JOIN recovery_evidencechain AS chain ON chain.borrower_id = borrower.id
    WHERE borrower.id = p_borrower
$$;

CREATE FUNCTION is_under_legal_hold(p_borrower bigint) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT EXISTS (
        SELECT FROM recovery_legalhold AS hold
        WHERE hold.borrower_id = p_borrower AND hold.lifts_id IS NULL
            AND NOT EXISTS (SELECT FROM recovery_legalhold AS lift WHERE lift.lifts_id = hold.id)
    )
$$;

CREATE TRIGGER approved_retention_periods_are_kept BEFORE UPDATE OR DELETE ON recovery_retentionperiod
    FOR EACH ROW EXECUTE FUNCTION keep_approved_versions();

CREATE FUNCTION check_legal_hold() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM borrowers_borrower WHERE id = NEW.borrower_id FOR NO KEY UPDATE;
    IF NEW.lifts_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM recovery_legalhold WHERE id = NEW.lifts_id AND lifts_id IS NULL AND borrower_id = NEW.borrower_id
    ) THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, 'lift_is_of_a_legal_hold_of_the_same_person', NEW.id, NEW.lifts_id);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER legal_holds_are_checked BEFORE INSERT ON recovery_legalhold FOR EACH ROW EXECUTE FUNCTION check_legal_hold();

CREATE FUNCTION check_erasure_request() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM borrowers_borrower WHERE id = NEW.borrower_id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM recovery_erasurerequest AS other
        WHERE other.borrower_id = NEW.borrower_id
            AND NOT EXISTS (SELECT FROM recovery_erasuredecision WHERE request_id = other.id)
    ) THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, 'one_open_erasure_request_per_borrower', NEW.id, NEW.borrower_id);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER erasure_requests_are_checked BEFORE INSERT ON recovery_erasurerequest
    FOR EACH ROW EXECUTE FUNCTION check_erasure_request();

CREATE FUNCTION check_erasure_decision() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    request recovery_erasurerequest;
    today CONSTANT date := coalesce((SELECT day FROM borrowers_businessdate), CURRENT_DATE);
    kept_until date;
    sentence text;
BEGIN
    SELECT * INTO request FROM recovery_erasurerequest WHERE id = NEW.request_id;
    PERFORM FROM borrowers_borrower WHERE id = request.borrower_id FOR NO KEY UPDATE;
    kept_until := retention_ends_on(request.borrower_id, today);
    sentence := CASE
        WHEN NEW.decided_by_id = request.requested_by_id THEN 'erasure_is_decided_by_a_second_person'
        WHEN NOT NEW.is_approved THEN NULL
        WHEN is_under_legal_hold(request.borrower_id) THEN 'legal_hold_keeps_evidence'
        WHEN kept_until IS NULL OR kept_until >= today THEN 'evidence_is_kept_until_its_time_is_over'
        WHEN NEW.through_number IS DISTINCT FROM coalesce(
            (SELECT length FROM recovery_evidencechain WHERE borrower_id = request.borrower_id), 0
        ) THEN 'erasure_goes_to_the_end_of_the_chain'
    END;
    IF sentence IS NOT NULL THEN
        PERFORM refuse_link(TG_TABLE_NAME::text, sentence, NEW.id, request.id);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER erasure_decisions_are_checked BEFORE INSERT ON recovery_erasuredecision
    FOR EACH ROW EXECUTE FUNCTION check_erasure_decision();

-- Whether an approved erasure covers an event.
CREATE FUNCTION is_erasure_approved(p_borrower bigint, p_number integer) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT EXISTS (
        SELECT FROM recovery_erasurerequest AS request
        JOIN recovery_erasuredecision AS decision ON decision.request_id = request.id
        WHERE request.borrower_id = p_borrower AND decision.is_approved AND decision.through_number >= p_number
    )
$$;

CREATE FUNCTION keep_evidence_event() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF (to_jsonb(NEW) - 'salt') <> (to_jsonb(OLD) - 'salt')
        OR NEW.salt IS NOT NULL
        OR NOT is_erasure_approved(OLD.borrower_id, OLD.number)
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation', CONSTRAINT = 'recovery_evidenceevent_is_append_only', TABLE = TG_TABLE_NAME,
            MESSAGE = format('event %s is sealed: only an approved erasure takes out its salt', OLD.id);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER salts_go_by_erasure_alone BEFORE UPDATE ON recovery_evidenceevent
    FOR EACH ROW EXECUTE FUNCTION keep_evidence_event();
CREATE TRIGGER recovery_evidenceevent_is_append_only BEFORE DELETE OR TRUNCATE ON recovery_evidenceevent
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The one change of an append-only row that is let through: its personal texts become '[erased]' once an erasure of its borrower
-- was approved that covers its event. Refuses any other UPDATE, of no row too, as refuse_change does. Arguments: the source, the
-- column that holds its number, the columns of texts.
CREATE FUNCTION check_erased_rows() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    texts CONSTANT text[] := TG_ARGV[2:];
BEGIN
    IF NOT EXISTS (SELECT FROM old_rows) OR EXISTS (
        SELECT
        FROM (SELECT id, to_jsonb(old_rows) AS fields FROM old_rows) AS before
        FULL JOIN (SELECT id, to_jsonb(new_rows) AS fields FROM new_rows) AS after USING (id)
        WHERE before.fields IS NULL OR after.fields IS NULL
            OR before.fields - texts <> after.fields - texts
            OR EXISTS (
                SELECT FROM unnest(texts) AS name
                WHERE before.fields ->> name IS DISTINCT FROM after.fields ->> name
                    AND after.fields ->> name IS DISTINCT FROM '[erased]'
            )
            OR NOT EXISTS (
                SELECT FROM recovery_evidenceevent AS event
                WHERE event.source = TG_ARGV[0] AND event.source_id = (before.fields ->> TG_ARGV[1])::bigint
                    AND is_erasure_approved(event.borrower_id, event.number)
            )
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_is_append_only', TABLE = TG_TABLE_NAME,
            MESSAGE = format('UPDATE is refused on %s: its rows are never changed, a correction is a new row', TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END
$$;

DO $$
DECLARE
    line record;
BEGIN
    FOR line IN
        VALUES
            ('borrowers_contactevent', 'contact', 'id', '{note,text_sent}'::text[]),
            ('borrowers_loanevent', 'loan-event', 'id', '{note}'),
            ('recovery_hold', 'hold', 'id', '{reason}'),
            ('recovery_validationnotice', 'notice', 'id', '{text}'),
            ('recovery_inboundmessage', 'incoming', 'id', '{sender,text}'),
            ('recovery_identitycheck', 'identity', 'id', '{number}'),
            ('recovery_grievance', 'grievance', 'id', '{text}'),
            ('recovery_grievanceanswer', 'grievance-answer', 'id', '{text,cause}'),
            ('recovery_plan', 'plan', 'id', '{reason}'),
            ('recovery_planbudgetline', 'plan', 'plan_id', '{label}'),
            ('recovery_planevent', 'plan-event', 'id', '{reason}'),
            ('recovery_loanproposal', 'proposal', 'id', '{reason}'),
            ('recovery_loanproposaldecision', 'proposal-decision', 'id', '{reason}'),
            ('recovery_carerecord', 'care', 'id', '{details}'),
            ('recovery_caredecision', 'care-decision', 'id', '{reason}'),
            ('recovery_decisionanswer', 'decision-answer', 'id', '{reason}')
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %I', line.column1 || '_is_append_only', line.column1);
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE DELETE OR TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
            line.column1 || '_is_append_only', line.column1
        );
        EXECUTE format(
            'CREATE TRIGGER changes_by_erasure_alone AFTER UPDATE ON %I
                REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
                FOR EACH STATEMENT EXECUTE FUNCTION check_erased_rows(%L, %L, %s)',
            line.column1, line.column2, line.column3,
            (SELECT string_agg(quote_literal(name), ', ') FROM unnest(line.column4) AS name)
        );
    END LOOP;
END
$$;

-- A message moves on by its own guard; an erasure changes its texts alone, which that guard refuses and this one lets through.
DROP TRIGGER messages_move_on ON recovery_outgoingmessage;
CREATE TRIGGER messages_move_on BEFORE UPDATE ON recovery_outgoingmessage
    FOR EACH ROW
    WHEN (
        (OLD.to_address, OLD.subject, OLD.text) IS NOT DISTINCT FROM (NEW.to_address, NEW.subject, NEW.text)
        OR OLD.state <> NEW.state
    )
    EXECUTE FUNCTION guard_message_step();

CREATE FUNCTION check_erased_message() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    texts CONSTANT text[] := '{to_address,subject,text}';
BEGIN
    IF (to_jsonb(NEW) - texts) <> (to_jsonb(OLD) - texts)
        OR EXISTS (
            SELECT FROM unnest(texts) AS name
            WHERE to_jsonb(OLD) ->> name <> to_jsonb(NEW) ->> name AND to_jsonb(NEW) ->> name <> '[erased]'
        )
        OR NOT EXISTS (
            SELECT FROM recovery_evidenceevent AS event
            WHERE event.source = 'message' AND event.source_id = OLD.id
                AND is_erasure_approved(event.borrower_id, event.number)
        )
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation', CONSTRAINT = 'message_moves_on_and_never_back', TABLE = TG_TABLE_NAME,
            MESSAGE = format('message %s keeps its text: only an approved erasure takes it out', OLD.id);
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER message_texts_go_by_erasure_alone BEFORE UPDATE ON recovery_outgoingmessage
    FOR EACH ROW
    WHEN ((OLD.to_address, OLD.subject, OLD.text) IS DISTINCT FROM (NEW.to_address, NEW.subject, NEW.text))
    EXECUTE FUNCTION check_erased_message();
