-- The gate: whether a person may be contacted about a debt by a channel at an instant, why not, and when next.

-- How the person agreed to be called within the days before an instant (day 1 is that of the consent); null if they did not.
CREATE OR REPLACE FUNCTION consent_to_call(
    p_borrower bigint, p_loan bigint, p_point bigint, p_instant timestamptz, p_days integer, p_zone text
) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT found.how
    FROM (
        SELECT 'consent ' || consent.id AS how, consent.happened_at AS at
        FROM borrowers_consent AS consent
        WHERE consent.contact_point_id = p_point AND consent.channel = 'call' AND consent.is_given
        UNION ALL
        SELECT 'call back asked for in contact ' || event.id, event.happened_at
        FROM borrowers_contactevent AS event
        WHERE event.borrower_id = p_borrower
            AND event.outcome = 'call_back'
            AND event.reached_borrower
            AND (event.loan_id IS NULL OR p_loan IS NULL OR event.loan_id = p_loan)
            AND event.happened_at BETWEEN p_instant - interval '60 days' AND p_instant
            AND NOT EXISTS (SELECT FROM borrowers_contactevent AS correction WHERE correction.corrects_id = event.id)
    ) AS found
    WHERE p_days IS NOT NULL
        AND found.at < p_instant
        AND (p_instant AT TIME ZONE p_zone)::date - (found.at AT TIME ZONE p_zone)::date < p_days
    ORDER BY found.at DESC
    LIMIT 1
$$;

-- Attempts that count: contacts that took place, and what is reserved and not yet made or made without a record of it.
--
-- Not counted: calls not connected to the dialled number, and calls within the days of the person's consent to them (given for
-- that contact point, or by asking for a call back). A corrected contact is not counted, its correction is. There is no upper edge in
-- time unless `p_until` sets one: a clock that was set back forgives nothing.
CREATE OR REPLACE FUNCTION contact_attempts(
    p_borrower bigint, p_channels text[], p_since timestamptz, p_until timestamptz, p_instant timestamptz,
    p_consent_days integer, p_zone text, p_except_reservation bigint, p_except_event bigint
) RETURNS TABLE (at timestamptz, loan_id bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
AS $$
    SELECT event.happened_at, event.loan_id
    FROM borrowers_contactevent AS event
    WHERE event.borrower_id = p_borrower
        AND event.channel = ANY (p_channels)
        AND event.happened_at >= p_since
        AND (p_until IS NULL OR event.happened_at <= p_until)
        AND event.is_connected IS DISTINCT FROM false
        AND event.id IS DISTINCT FROM p_except_event
        AND NOT EXISTS (SELECT FROM borrowers_contactevent AS correction WHERE correction.corrects_id = event.id)
        AND (
            event.channel <> 'call'
            OR consent_to_call(
                p_borrower, event.loan_id, event.contact_point_id, event.happened_at, p_consent_days, p_zone
            ) IS NULL
        )
    UNION ALL
    SELECT attempt.reserved_at, attempt.loan_id
    FROM recovery_contactreservation AS attempt
    WHERE attempt.borrower_id = p_borrower
        AND attempt.channel = ANY (p_channels)
        AND attempt.reserved_at >= p_since
        AND (p_until IS NULL OR attempt.reserved_at <= p_until)
        AND attempt.contact_event_id IS NULL
        AND (attempt.state = 'performed' OR attempt.state = 'reserved' AND attempt.lease_until > p_instant)
        AND NOT (attempt.answer ? 'consented')
        AND attempt.id IS DISTINCT FROM p_except_reservation
$$;

-- Where the person may be: their zone, that of the contact point, those of their addresses; nothing known, all of the jurisdiction's.
CREATE OR REPLACE FUNCTION candidate_zones(p_borrower bigint, p_contact_point bigint, p_channel text) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT coalesce(
        (
            SELECT array_agg(DISTINCT place.zone)
            FROM (
                SELECT person.time_zone AS zone
                UNION ALL
                SELECT point.time_zone
                FROM borrowers_contactpoint AS point
                WHERE point.borrower_id = p_borrower
                    AND (
                        point.kind = 'address'
                        OR point.id = p_contact_point
                        OR p_contact_point IS NULL
                            AND point.kind = CASE WHEN p_channel IN ('call', 'sms') THEN 'phone' WHEN p_channel = 'email' THEN 'email' END
                    )
            ) AS place
            WHERE place.zone <> ''
        ),
        zones_of_jurisdiction(person.jurisdiction),
        '{}'
    )
    FROM borrowers_borrower AS person
    WHERE person.id = p_borrower
$$;

-- Whether the person opted out of a channel at a contact point; the latest word per point counts.
CREATE OR REPLACE FUNCTION has_opted_out(p_point bigint, p_channel text, p_instant timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT EXISTS (SELECT FROM borrowers_contactpoint WHERE id = p_point AND opted_out_on IS NOT NULL)
        OR coalesce(
            (
                SELECT NOT consent.is_given
                FROM borrowers_consent AS consent
                WHERE consent.contact_point_id = p_point AND consent.channel IN (p_channel, 'any')
                    AND consent.happened_at <= p_instant
                ORDER BY consent.happened_at DESC, consent.id DESC
                LIMIT 1
            ),
            false
        )
$$;

CREATE OR REPLACE FUNCTION reason(code text, said text) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT jsonb_build_array(jsonb_build_object('code', code, 'text', said))
$$;

-- The later of two instants; null, which is never, where one of them is.
CREATE OR REPLACE FUNCTION later_of(one timestamptz, other timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN one IS NOT NULL AND other IS NOT NULL THEN greatest(one, other) END
$$;

-- The answer, whole. Reads only; two milliseconds or less where the zone is known.
--
--   p_loan            null: about all debts of the person
--   p_contact_point   null: whichever; all points of the kind are then candidates
--   p_purpose         collection; or notice: holds do not stop it, hours, opt-outs and channels do
--   p_except_*        the attempt itself, where one that was reserved or took place is asked about again
--   p_as_recorded     true: look only at what was before the instant, to flag what took place
CREATE OR REPLACE FUNCTION contact_answer(
    p_borrower bigint,
    p_loan bigint,
    p_channel text,
    p_contact_point bigint,
    p_instant timestamptz,
    p_purpose text DEFAULT 'collection',
    p_except_reservation bigint DEFAULT NULL,
    p_except_event bigint DEFAULT NULL,
    p_as_recorded boolean DEFAULT false
) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    person borrowers_borrower;
    point borrowers_contactpoint;
    rule recovery_contactrule;
    hold recovery_hold;
    zone text;
    zones text[];
    unknown_zones text[];
    point_kind CONSTANT text := CASE WHEN p_channel IN ('call', 'sms') THEN 'phone' WHEN p_channel = 'email' THEN 'email' ELSE 'address' END;
    word CONSTANT text := CASE p_channel
        WHEN 'call' THEN 'calls' WHEN 'sms' THEN 'text messages' WHEN 'email' THEN 'e-mails' WHEN 'visit' THEN 'visits' ELSE 'letters' END;
    today date;
    reasons jsonb := '[]';
    warnings jsonb := '[]';
    legal jsonb := '[]';
    spells jsonb := '[]';
    earliest timestamptz := p_instant;  -- null: nobody knows when
    at_limit smallint;
    window_days smallint;
    used integer := 0;
    free_on date;
    spoken_on date;
    consented text;
    ends_on date;
    barred record;
    first_said_on date;
    notice_on date;
    next_at timestamptz;
BEGIN
    SELECT * INTO person FROM borrowers_borrower WHERE id = p_borrower;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'no_data_found', MESSAGE = format('there is no borrower %s', p_borrower);
    END IF;
    IF p_channel NOT IN ('call', 'sms', 'email', 'letter', 'visit') OR p_purpose NOT IN ('collection', 'notice') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation', CONSTRAINT = 'reservation_channel_is_known',
            MESSAGE = format('%s for %s is no way of contact', p_channel, p_purpose);
    END IF;

    -- where they are
    zones := candidate_zones(p_borrower, p_contact_point, p_channel);
    SELECT array_agg(name) INTO unknown_zones FROM unnest(zones) AS candidate (name)
    WHERE NOT EXISTS (SELECT FROM recovery_known_time_zone AS known WHERE known.name = candidate.name);
    IF unknown_zones IS NOT NULL THEN
        reasons := reasons || reason(
            'unknown_zone', format('%s is no known time zone: correct it first.', array_to_string(unknown_zones, ', '))
        );
        zones := '{}';
    END IF;
    IF person.jurisdiction = '' THEN
        reasons := reasons || reason('no_jurisdiction', 'No jurisdiction is set: which rules hold is not known.');
    ELSE
        rule := contact_rule_of(person.jurisdiction, contact_profile(), (p_instant AT TIME ZONE 'UTC')::date);
        IF rule.id IS NULL THEN
            reasons := reasons || reason('no_rules', format('No rules are in force for %s.', person.jurisdiction));
        END IF;
        IF cardinality(zones) = 0 AND unknown_zones IS NULL THEN
            reasons := reasons || reason('no_zone', 'No time zone is known, of the person or of the jurisdiction.');
        END IF;
    END IF;

    -- whom, and by what
    IF p_loan IS NOT NULL AND NOT is_party_to(p_borrower, p_loan, (p_instant AT TIME ZONE 'UTC')::date) THEN
        reasons := reasons || reason('not_a_party', 'This person neither owes the loan nor has authority to speak about it.');
    END IF;
    IF p_contact_point IS NOT NULL THEN
        SELECT * INTO point FROM borrowers_contactpoint WHERE id = p_contact_point AND borrower_id = p_borrower;
        IF NOT FOUND THEN
            reasons := reasons || reason('not_their_contact_point', 'This contact point is not the person''s.');
        ELSIF point.kind <> point_kind THEN
            reasons := reasons || reason('wrong_contact_point', format('%s do not go to this contact point.', initcap(word)));
        ELSIF has_opted_out(p_contact_point, p_channel, p_instant) THEN
            reasons := reasons || reason('opted_out', format('They opted out of %s to this contact point.', word));
        END IF;
    ELSIF EXISTS (SELECT FROM borrowers_contactpoint AS known WHERE known.borrower_id = p_borrower AND known.kind = point_kind)
        AND NOT EXISTS (
            SELECT FROM borrowers_contactpoint AS open_point
            WHERE open_point.borrower_id = p_borrower AND open_point.kind = point_kind
                AND NOT has_opted_out(open_point.id, p_channel, p_instant)
        )
    THEN
        reasons := reasons || reason('opted_out', format('They opted out of %s.', word));
    END IF;
    IF reasons <> '[]' THEN
        earliest := NULL;
    END IF;
    zone := coalesce(nullif(person.time_zone, ''), zones[1]);
    IF NOT zone = ANY (zones) THEN
        zone := zones[1];
    END IF;
    today := (p_instant AT TIME ZONE coalesce(zone, 'UTC'))::date;

    -- what stops it
    FOR hold IN SELECT * FROM holds_of(p_borrower, p_loan, p_instant, CASE WHEN zones = '{}' THEN '{UTC}' ELSE zones END) LOOP
        IF hold.kind = 'inconvenient_time' THEN
            spells := spells || jsonb_build_array(jsonb_build_object('from', hold.from_time, 'until', hold.until_time));
            CONTINUE;
        ELSIF hold.kind = 'do_not_contact' THEN
            CONTINUE WHEN hold.channel NOT IN ('', p_channel);
            reasons := reasons || reason('do_not_contact', format('They asked for no %s.', word));
        ELSIF hold.kind = 'inconvenient_place' THEN
            CONTINUE WHEN hold.contact_point_id IS DISTINCT FROM p_contact_point;
            reasons := reasons || reason('inconvenient_place', 'They called this place inconvenient.');
        ELSE
            IF hold.kind IN ('dispute', 'bankruptcy', 'deceased', 'hardship', 'breathing_space') THEN
                legal := legal || reason(hold.kind, format('A hold stands since %s: %s.', hold.starts_on, replace(hold.kind, '_', ' ')));
            END IF;
            CONTINUE WHEN p_purpose = 'notice';
            reasons := reasons || reason(
                hold.kind,
                CASE hold.kind
                    WHEN 'dispute' THEN 'The debt is disputed'
                    WHEN 'cease' THEN 'They asked not to be contacted'
                    WHEN 'attorney' THEN 'An attorney represents them: speak to the attorney'
                    WHEN 'bankruptcy' THEN 'They are bankrupt'
                    WHEN 'deceased' THEN 'They have died'
                    WHEN 'hardship' THEN 'They reported hardship: no pressure'
                    ELSE 'A breathing space runs'
                END || format(', since %s', to_char(hold.starts_on, 'FMDD Mon YYYY'))
                || coalesce(format(', until %s.', to_char(hold.ends_on, 'FMDD Mon YYYY')), ', until it is lifted.')
            );
        END IF;
        earliest := later_of(earliest, day_has_begun(zones, hold.ends_on + 1));
    END LOOP;
    IF EXISTS (
        SELECT FROM borrowers_loanevent AS event
        JOIN borrowers_loan AS loan ON loan.id = event.loan_id
        WHERE event.kind = 'bankruptcy' AND event.effective_on <= today
            AND (event.loan_id = p_loan OR p_loan IS NULL AND loan.borrower_id = p_borrower)
            AND NOT EXISTS (SELECT FROM borrowers_loanevent AS later WHERE later.revokes_id = event.id)
    ) THEN
        legal := legal || reason('bankruptcy', 'The books hold a bankruptcy.');
        IF p_purpose = 'collection' THEN
            reasons := reasons || reason('bankruptcy', 'The books hold a bankruptcy: no contact but notices.');
            earliest := NULL;
        END IF;
    END IF;

    -- how often
    IF rule.id IS NOT NULL AND zones <> '{}' THEN
        SELECT limits.most, limits.days INTO at_limit, window_days
        FROM (
            VALUES ('call', rule.call_limit, rule.call_days), ('sms', rule.sms_limit, rule.sms_days),
                ('email', rule.email_limit, rule.email_days), ('visit', rule.visit_limit, rule.visit_days)
        ) AS limits (channel, most, days)
        WHERE limits.channel = p_channel;
        IF p_channel = 'sms' AND rule.texts_count_as_calls THEN
            at_limit := rule.call_limit;
            window_days := rule.call_days;
        END IF;
        IF p_channel = 'call' THEN
            SELECT consent_to_call(p_borrower, p_loan, p_contact_point, p_instant, rule.consent_days, zone) INTO consented;
        END IF;
        IF at_limit IS NOT NULL THEN
            -- In each candidate zone: an attempt about all debts counts for every one of them, others for their own.
            WITH counted AS (
                SELECT candidate.name, attempt.loan_id, (attempt.at AT TIME ZONE candidate.name)::date AS day
                FROM unnest(zones) AS candidate (name)
                CROSS JOIN LATERAL contact_attempts(
                    p_borrower,
                    CASE WHEN rule.texts_count_as_calls AND p_channel IN ('call', 'sms') THEN '{call,sms}' ELSE ARRAY[p_channel] END,
                    p_instant - make_interval(days => window_days + 1), CASE WHEN p_as_recorded THEN p_instant END, p_instant,
                    rule.consent_days, candidate.name, p_except_reservation, p_except_event
                ) AS attempt
                WHERE (attempt.at AT TIME ZONE candidate.name)::date
                    > (p_instant AT TIME ZONE candidate.name)::date - window_days
            ),
            debts AS (
                SELECT DISTINCT counted.loan_id FROM counted WHERE p_loan IS NULL AND counted.loan_id IS NOT NULL
                UNION ALL
                SELECT p_loan
            ),
            ranked AS (
                SELECT
                    counted.name, debts.loan_id, counted.day,
                    row_number() OVER (PARTITION BY counted.name, debts.loan_id ORDER BY counted.day DESC) AS place
                FROM debts
                JOIN counted ON counted.loan_id IS NULL OR counted.loan_id = debts.loan_id
            )
            SELECT coalesce(max(place), 0), max(day + window_days) FILTER (WHERE place = at_limit) INTO used, free_on FROM ranked;
            IF used >= at_limit AND consented IS NULL THEN
                reasons := reasons || reason(
                    p_channel || '_limit', format('%s of %s %s used within %s days.', used, at_limit, word, window_days)
                );
                earliest := later_of(earliest, day_has_begun(zones, free_on));  -- a limit of zero never frees
            END IF;
        END IF;
        IF p_channel = 'call' AND rule.conversation_wait_days IS NOT NULL AND consented IS NULL THEN
            SELECT max((event.happened_at AT TIME ZONE candidate.name)::date) INTO spoken_on
            FROM borrowers_contactevent AS event, unnest(zones) AS candidate (name)
            WHERE event.borrower_id = p_borrower
                AND event.channel IN ('call', 'inbound')
                AND event.reached_borrower
                AND (event.loan_id IS NULL OR p_loan IS NULL OR event.loan_id = p_loan)
                AND event.id IS DISTINCT FROM p_except_event
                AND (NOT p_as_recorded OR event.happened_at <= p_instant)
                AND event.happened_at > p_instant - make_interval(days => rule.conversation_wait_days + 1)
                AND (p_instant AT TIME ZONE candidate.name)::date
                    < (event.happened_at AT TIME ZONE candidate.name)::date + rule.conversation_wait_days
                AND NOT EXISTS (SELECT FROM borrowers_contactevent AS correction WHERE correction.corrects_id = event.id);
            IF spoken_on IS NOT NULL THEN
                reasons := reasons || reason(
                    'conversation_wait',
                    format(
                        'They were spoken to on %s: no call within %s days.', to_char(spoken_on, 'FMDD Mon YYYY'),
                        rule.conversation_wait_days
                    )
                );
                earliest := later_of(earliest, day_has_begun(zones, spoken_on + rule.conversation_wait_days));
            END IF;
        END IF;
    END IF;

    -- at which hour
    IF rule.id IS NOT NULL AND zones <> '{}' THEN
        IF p_channel = 'letter' THEN
            next_at := earliest;
        ELSE
            IF NOT contact_hours_allow(zones, p_instant, rule.opens_at, rule.closes_at, rule.weekdays, spells) THEN
                IF contact_hours_allow(zones, p_instant, rule.opens_at, rule.closes_at, rule.weekdays, '[]') THEN
                    reasons := reasons || reason('inconvenient_time', 'They called this time inconvenient.');
                ELSE
                    reasons := reasons || reason(
                        'outside_hours',
                        format(
                            'It is %s there: contacts are allowed from %s to %s%s.',
                            (
                                SELECT string_agg(DISTINCT to_char(p_instant AT TIME ZONE name, 'Dy HH24:MI'), ' or ')
                                FROM unnest(zones) AS candidate (name)
                            ),
                            to_char(coalesce(rule.opens_at, '00:00'), 'HH24:MI'), to_char(coalesce(rule.closes_at, '24:00'), 'HH24:MI'),
                            CASE WHEN cardinality(rule.weekdays) < 7 THEN ' on days of contact' ELSE '' END
                        )
                    );
                END IF;
            END IF;
            next_at := next_contact_hour(zones, earliest, rule.opens_at, rule.closes_at, rule.weekdays, spells);
        END IF;
    END IF;

    -- the law besides
    FOR barred IN
        SELECT loan.external_id, barring.*
        FROM borrowers_loan AS loan CROSS JOIN LATERAL time_barred_since(loan.id, today) AS barring
        WHERE CASE WHEN p_loan IS NULL THEN loan.borrower_id = p_borrower ELSE loan.id = p_loan END
    LOOP
        legal := legal || reason(
            'time_barred',
            format(
                'Loan %s is time-barred since %s: no legal action, and no threat of it.', barred.external_id,
                to_char(barred.since, 'FMDD Mon YYYY')
            )
        );
        warnings := warnings || reason(
            'time_barred',
            format('Loan %s is time-barred since %s: do not threaten legal action.', barred.external_id, to_char(barred.since, 'FMDD Mon YYYY'))
            || CASE WHEN barred.payment_restarts THEN ' A payment, or a promise in writing, may revive it: say so before asking for money.'
                ELSE ' A payment does not revive it here.' END
        );
    END LOOP;
    IF rule.validation_notice_days IS NOT NULL THEN
        SELECT min(event.effective_on) INTO first_said_on
        FROM borrowers_contactevent AS event
        WHERE event.borrower_id = p_borrower
            AND (event.loan_id IS NULL OR p_loan IS NULL OR event.loan_id = p_loan)
            AND (event.reached_borrower OR event.outcome = 'sent');
        SELECT max(notice.sent_on) INTO notice_on
        FROM recovery_validationnotice AS notice
        WHERE notice.borrower_id = p_borrower AND (p_loan IS NULL OR notice.loan_id = p_loan);
        IF notice_on IS NULL AND first_said_on IS NOT NULL THEN
            ends_on := first_said_on + rule.validation_notice_days;
            warnings := warnings || reason(
                CASE WHEN ends_on < today THEN 'validation_notice_overdue' ELSE 'validation_notice_due' END,
                format(
                    'The validation notice %s by %s, %s days after the first communication; none is on record.',
                    CASE WHEN ends_on < today THEN 'was due' ELSE 'is due' END,
                    to_char(ends_on, 'FMDD Mon YYYY'), rule.validation_notice_days
                )
            );
        ELSIF notice_on IS NOT NULL AND rule.dispute_days IS NOT NULL
            AND today <= notice_on + rule.validation_notice_days + rule.dispute_days
        THEN
            warnings := warnings || reason(
                'dispute_period',
                format(
                    'They may dispute until %s: say nothing that overshadows it; a dispute stops collection until verified.',
                    to_char(notice_on + rule.validation_notice_days + rule.dispute_days, 'FMDD Mon YYYY')
                )
            );
        END IF;
    END IF;

    RETURN jsonb_strip_nulls(jsonb_build_object(
        'is_allowed', reasons = '[]',
        'channel', p_channel,
        'purpose', p_purpose,
        'instant', p_instant,
        'reasons', reasons,
        'warnings', warnings,
        'attempts_used', CASE WHEN at_limit IS NOT NULL THEN used END,
        'attempts_limit', at_limit,
        'attempts_left', CASE WHEN at_limit IS NOT NULL THEN greatest(at_limit - used, 0) END,
        'window_days', CASE WHEN at_limit IS NOT NULL THEN window_days END,
        'consented', consented,
        'next_allowed_at', next_at,
        'next_allowed_local', CASE WHEN next_at IS NOT NULL THEN written_local(next_at, zone) END,
        'local_times', (
            SELECT jsonb_object_agg(name, to_char(p_instant AT TIME ZONE name, 'YYYY-MM-DD"T"HH24:MI:SS'))
            FROM unnest(zones) AS candidate (name)
        ),
        'legal_reasons', legal,
        'rule', CASE WHEN rule.id IS NOT NULL THEN jsonb_build_object(
            'id', rule.id, 'jurisdiction', rule.jurisdiction_id, 'profile', rule.profile, 'version', rule.version,
            'basis', rule.basis, 'source', rule.source
        ) END
    ));
END
$$;

-- The same in columns.
CREATE OR REPLACE FUNCTION contact_permission(
    p_borrower bigint, p_loan bigint, p_channel text, p_contact_point bigint, p_instant timestamptz
) RETURNS TABLE (
    is_allowed boolean, reasons jsonb, attempts_left integer, next_allowed_at timestamptz, next_allowed_local text, rule_id bigint,
    answer jsonb
)
LANGUAGE sql STABLE ROWS 1
AS $$
    SELECT
        (given.answer ->> 'is_allowed')::boolean, given.answer -> 'reasons', (given.answer ->> 'attempts_left')::integer,
        (given.answer ->> 'next_allowed_at')::timestamptz, given.answer ->> 'next_allowed_local',
        (given.answer #>> '{rule,id}')::bigint, given.answer
    FROM contact_answer(p_borrower, p_loan, p_channel, p_contact_point, p_instant) AS given (answer)
$$;

COMMENT ON FUNCTION contact_permission(bigint, bigint, text, bigint, timestamptz) IS
    'Whether a person may be contacted about a debt by a channel at an instant, why not, and when next.';
