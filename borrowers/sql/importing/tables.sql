-- The staging tables of one import run, in the run's own schema.
--
-- Grain    one row per borrower, loan, instalment or payment that a row of a file speaks of; source is the number of the
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

CREATE TABLE staged_loan (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    external_id text NOT NULL, borrower text NOT NULL, product text NOT NULL, currency text NOT NULL,
    principal_amount numeric(14, 2) NOT NULL, annual_interest_ratio numeric(8, 6), term_days integer,
    approved_on date NOT NULL, approved_at timestamptz, written_off_on date, attributes jsonb, booked_at timestamptz
);

CREATE TABLE staged_instalment (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    loan text NOT NULL, number smallint, due_on date NOT NULL, principal_amount numeric(14, 2) NOT NULL,
    interest_amount numeric(14, 2), fee_amount numeric(14, 2)
);

CREATE TABLE staged_payment (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    external_id text, loan text NOT NULL, amount numeric(14, 2) NOT NULL, currency text, effective_on date NOT NULL,
    booked_at timestamptz, channel text
);

CREATE TABLE reject (
    source smallint NOT NULL, file integer NOT NULL, "row" bigint NOT NULL,
    column_name text NOT NULL DEFAULT '', value text NOT NULL DEFAULT '', reason text NOT NULL, loan text,
    is_new boolean NOT NULL DEFAULT true
);
