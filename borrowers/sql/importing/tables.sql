-- The staging tables of one import run, in the run's own schema.
--
-- Grain    one row per borrower, loan, payment and so on that a row of a file speaks of; source is the number of the
--          [[source]] in the mapping, file that of the file, row the number that people see (header = 1).
-- Cost     no index and no constraint: COPY runs at the speed of the disk; all checks are set-based afterwards.
-- Durable  logged on purpose: a chunk that was acknowledged is there after any crash, and the next run goes on behind it.

-- What is staged: rows of a file up to a row and its faults up to another (a ragged row may be told ahead of its chunk).
CREATE TABLE staged_chunk (
    source smallint NOT NULL, file integer NOT NULL, until_row bigint NOT NULL, until_fault bigint NOT NULL,
    n_read bigint NOT NULL, is_last boolean NOT NULL
);

-- What was done after staging, with what is to be told of it.
CREATE TABLE step (name text PRIMARY KEY, told jsonb NOT NULL);

CREATE TABLE staged_borrower (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    external_id text NOT NULL, full_name text, birth_date date, language text, time_zone text, jurisdiction text,
    household text, team text, phone text, email text, address text, attributes jsonb
);

CREATE TABLE staged_contact_point (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    borrower text NOT NULL, kind text NOT NULL, value text NOT NULL, is_preferred boolean, verified_on date,
    opted_out_on date, time_zone text
);

CREATE TABLE staged_consent (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    borrower text NOT NULL, kind text NOT NULL, value text NOT NULL, channel text, is_given boolean NOT NULL,
    origin text NOT NULL, wording text, happened_at timestamptz NOT NULL, booked_at timestamptz
);

CREATE TABLE staged_loan (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    external_id text NOT NULL, borrower text NOT NULL, product text NOT NULL, product_kind text, bookkeeping text,
    currency text NOT NULL, principal_amount numeric(14, 2), credit_limit_amount numeric(14, 2),
    annual_interest_ratio numeric(8, 6), term_days integer, approved_on date NOT NULL, approved_at timestamptz,
    written_off_on date, attributes jsonb, booked_at timestamptz
);

CREATE TABLE staged_instalment (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    loan text NOT NULL, number smallint, due_on date NOT NULL, principal_amount numeric(14, 2) NOT NULL,
    interest_amount numeric(14, 2), fee_amount numeric(14, 2)
);

CREATE TABLE staged_payment (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    external_id text, loan text NOT NULL, amount numeric(14, 2) NOT NULL, currency text, effective_on date NOT NULL,
    booked_at timestamptz, channel text, status text, reference text, returned_on date, return_reason text
);

CREATE TABLE staged_party (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    loan text NOT NULL, person text NOT NULL, role text NOT NULL, authority text, since date NOT NULL, until date
);

CREATE TABLE staged_charge (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    external_id text, loan text NOT NULL, kind text NOT NULL, amount numeric(14, 2) NOT NULL, effective_on date NOT NULL,
    waived_on date, booked_at timestamptz
);

CREATE TABLE staged_event (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    external_id text, loan text NOT NULL, kind text NOT NULL, amount numeric(14, 2), counterparty text, note text,
    effective_on date NOT NULL, booked_at timestamptz
);

CREATE TABLE staged_statement (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    loan text NOT NULL, stated_on date NOT NULL, due_on date NOT NULL, principal_amount numeric(14, 2) NOT NULL,
    interest_amount numeric(14, 2), fee_amount numeric(14, 2), balance_amount numeric(14, 2) NOT NULL, booked_at timestamptz
);

CREATE TABLE staged_snapshot (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    loan text NOT NULL, as_of date NOT NULL, days_past_due integer, outstanding_amount numeric(14, 2),
    outstanding_principal_amount numeric(14, 2), overdue_amount numeric(14, 2), status text, booked_at timestamptz
);

CREATE TABLE staged_contact (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    external_id text, borrower text, loan text, channel text NOT NULL, outcome text NOT NULL, reached_borrower boolean,
    is_connected boolean, contact_point text, text_sent text, talk_minutes numeric(6, 2), wrap_up_minutes numeric(6, 2), note text, agent text, follow_up_on date, happened_at timestamptz NOT NULL, effective_on date NOT NULL,
    booked_at timestamptz
);

CREATE TABLE staged_promise (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    external_id text, loan text NOT NULL, contact text, amount numeric(14, 2) NOT NULL, made_on date NOT NULL,
    due_on date NOT NULL, booked_at timestamptz
);

CREATE TABLE staged_collateral (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    loan text NOT NULL, reference text NOT NULL, kind text NOT NULL, description text,
    value_amount numeric(14, 2) NOT NULL, valued_on date NOT NULL, booked_at timestamptz
);

CREATE TABLE reject (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    column_name text NOT NULL DEFAULT '', value text NOT NULL DEFAULT '', reason text NOT NULL, loan text,
    is_new boolean NOT NULL DEFAULT true
);
