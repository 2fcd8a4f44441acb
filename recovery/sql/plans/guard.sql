-- What a plan may be, and which steps it may take: enforced whoever writes, by whatever way.
--
-- Grain    plans are checked at the end of the transaction that writes them, steps one by one.
-- Races    a step holds the lock of the plan's loan until its transaction ends: two approvals at once come one after the other,
--          and the second one finds no step that it may take; two plans for one loan at once likewise.
-- Answers  an IntegrityError under the sentence that was broken.

CREATE FUNCTION refuse_plan(sentence text, detail text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = sentence, MESSAGE = detail;
END
$$;

-- Why a person may not agree to a plan alone: discount, duration, income, budget; empty if they may.
CREATE FUNCTION plan_beyond_limits(asked bigint, person bigint, day date) RETURNS text[]
LANGUAGE sql STABLE
AS $$
    SELECT array_remove(
        ARRAY[
            CASE
                WHEN plan.kind = 'settlement' AND 1 - plan.agreed_amount / plan.owed_amount > coalesce(own.discount_ratio, 0)
                    THEN 'discount'
            END,
            CASE WHEN plan.ends_on - plan.starts_on > coalesce(own.duration_days, 0) THEN 'duration' END,
            CASE
                WHEN coalesce(own.may_exceed_income, false) THEN NULL
                WHEN plan.disposable_amount IS NULL THEN 'budget'
                WHEN plan.monthly_amount > plan.disposable_amount * terms.affordable_ratio THEN 'income'
            END
        ],
        NULL
    )
    FROM recovery_plan AS plan
    CROSS JOIN LATERAL (
        SELECT affordable_ratio
        FROM recovery_planterms
        WHERE effective_from <= plan.starts_on
        ORDER BY effective_from DESC
        LIMIT 1
    ) AS terms
    LEFT JOIN LATERAL (
        SELECT plan_limit.*
        FROM recovery_planlimit AS plan_limit
        JOIN accounts_user AS person_row ON person_row.role = plan_limit.role
        WHERE person_row.id = person AND person_row.is_active AND plan_limit.effective_from <= day
        ORDER BY plan_limit.effective_from DESC
        LIMIT 1
    ) AS own ON true
    WHERE plan.id = asked
$$;

CREATE FUNCTION check_plan() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    asked bigint := CASE WHEN TG_TABLE_NAME = 'recovery_plan' THEN (to_jsonb(NEW) ->> 'id')::bigint
        ELSE (to_jsonb(NEW) ->> 'plan_id')::bigint END;
    plan recovery_plan;
    schedule record;
    disposable numeric;
BEGIN
    SELECT * INTO plan FROM recovery_plan WHERE id = asked;
    IF plan.currency <> (SELECT currency FROM borrowers_loan WHERE id = plan.loan_id) THEN
        PERFORM refuse_plan('plan_is_in_the_currency_of_its_loan', format('plan %s is in %s', plan.id, plan.currency));
    END IF;
    IF TG_TABLE_NAME = 'recovery_plan' AND plan.owed_amount IS DISTINCT FROM
        (SELECT outstanding_amount FROM borrowers_delinquency WHERE loan_id = plan.loan_id)
    THEN
        PERFORM refuse_plan('plan_starts_from_what_the_books_say', format('plan %s says that %s is owed', plan.id, plan.owed_amount));
    END IF;
    SELECT
        sum(amount) AS amount, min(due_on) AS first_on, max(due_on) AS last_on,
        coalesce(bool_or(due_on <= before), false) AS is_disordered,
        -- what falls due within any 28 days: no month of the plan takes more
        max(monthly) AS monthly
    INTO schedule
    FROM (
        SELECT
            amount, due_on, lag(due_on) OVER (ORDER BY number) AS before,
            sum(amount) OVER (ORDER BY due_on RANGE BETWEEN CURRENT ROW AND '27 days' FOLLOWING) AS monthly
        FROM recovery_planinstalment WHERE plan_id = plan.id
    ) AS line;
    IF schedule.amount IS DISTINCT FROM plan.agreed_amount THEN
        PERFORM refuse_plan('plan_instalments_sum_to_what_was_agreed', format('plan %s: %s', plan.id, schedule.amount));
    END IF;
    IF schedule.is_disordered OR schedule.first_on < plan.starts_on OR schedule.last_on <> plan.ends_on THEN
        PERFORM refuse_plan('plan_instalments_are_in_order', format('plan %s', plan.id));
    END IF;
    IF schedule.monthly > plan.monthly_amount THEN
        PERFORM refuse_plan('plan_takes_no_more_than_it_says', format('plan %s: %s in a month', plan.id, schedule.monthly));
    END IF;
    SELECT sum(CASE kind WHEN 'income' THEN amount ELSE -amount END) INTO disposable
    FROM recovery_planbudgetline WHERE plan_id = plan.id;
    IF disposable IS DISTINCT FROM plan.disposable_amount THEN
        PERFORM refuse_plan('disposable_income_is_the_sum_of_its_lines', format('plan %s: %s', plan.id, disposable));
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER plan_is_checked AFTER INSERT ON recovery_plan
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_plan();
CREATE CONSTRAINT TRIGGER plan_instalment_is_checked AFTER INSERT ON recovery_planinstalment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_plan();
CREATE CONSTRAINT TRIGGER plan_budget_is_checked AFTER INSERT ON recovery_planbudgetline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_plan();

CREATE FUNCTION check_plan_event() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    plan recovery_plan;
    last recovery_planevent;
    may_follow boolean;
BEGIN
    SELECT * INTO plan FROM recovery_plan WHERE id = NEW.plan_id;
    PERFORM FROM borrowers_loan WHERE id = plan.loan_id FOR NO KEY UPDATE;
    SELECT * INTO last FROM recovery_planevent WHERE plan_id = plan.id ORDER BY number DESC LIMIT 1;
    NEW.number := coalesce(last.number, 0) + 1;
    may_follow := CASE
        WHEN last.id IS NULL THEN NEW.state = 'proposed'
        WHEN last.state = 'proposed' THEN NEW.state IN ('waiting', 'active', 'cancelled')
        WHEN last.state = 'waiting' THEN NEW.state IN ('active', 'cancelled')
        WHEN last.state = 'active' THEN NEW.state IN ('completed', 'defaulted', 'cancelled')
        WHEN last.state = 'completed' THEN NEW.state = 'active' AND NEW.by_id IS NULL  -- a payment came back
        ELSE false
    END;
    IF NOT may_follow THEN
        PERFORM refuse_plan(
            'plan_takes_this_step_only_in_order', format('plan %s is %s: not %s', plan.id, coalesce(last.state, 'new'), NEW.state)
        );
    END IF;
    IF NEW.effective_on < last.effective_on THEN
        PERFORM refuse_plan('plan_steps_are_in_order_of_days', format('plan %s: %s', plan.id, NEW.effective_on));
    END IF;
    IF last.id IS NULL OR last.state = 'completed' THEN
        IF EXISTS (
            SELECT
            FROM recovery_plan AS other
            CROSS JOIN LATERAL (
                SELECT state FROM recovery_planevent WHERE plan_id = other.id ORDER BY number DESC LIMIT 1
            ) AS standing
            WHERE other.loan_id = plan.loan_id AND other.id <> plan.id AND standing.state IN ('proposed', 'waiting', 'active')
        ) THEN
            PERFORM refuse_plan('one_open_plan_per_loan', format('loan %s has a plan', plan.loan_id));
        END IF;
    END IF;
    IF NEW.state = 'active' AND last.state = 'proposed'
        AND plan_beyond_limits(plan.id, plan.proposed_by_id, NEW.effective_on) <> '{}'
    THEN
        PERFORM refuse_plan('plan_above_the_limit_waits_for_a_second_person', format('plan %s', plan.id));
    END IF;
    IF NEW.state = 'active' AND last.state = 'waiting' THEN
        IF NEW.by_id IS NULL OR NEW.by_id IN (plan.proposed_by_id, last.by_id) THEN
            PERFORM refuse_plan('plan_is_approved_by_a_second_person', format('plan %s', plan.id));
        END IF;
        IF plan_beyond_limits(plan.id, NEW.by_id, NEW.effective_on) <> '{}' THEN
            PERFORM refuse_plan('plan_is_approved_within_the_limit_of_who_approves', format('plan %s', plan.id));
        END IF;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER plan_event_is_checked BEFORE INSERT ON recovery_planevent
    FOR EACH ROW EXECUTE FUNCTION check_plan_event();
