"""What can be imported, kind by kind: what names one, which day it counts from, and where it lies in the books."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One staging table, staged_<kind>, and what its rows become.

    `key` are the columns that name one; rows are compared within `group`. `name` is the SQL of the name of a row without an
    external_id. `rules` are the statements of checks_of_kind.sql that hold for it, `person` the column of whom it is about.
    """

    reported: str
    key: tuple[str, ...]
    group: tuple[str, ...] = ()
    name: str | None = None
    day: str | None = None
    person: str = "borrower"
    rules: tuple[str, ...] = ()
    table: str | None = None
    columns: tuple[str, ...] = ()


_OF_LOAN = ("unknown_loan", "before_approval", "from_the_future", "booked_in_the_future")
KINDS = {
    "borrower": Kind("borrowers", ("external_id",), ("source", "external_id")),
    "contact_point": Kind("contact_points", ("borrower", "kind", "value"), rules=("unknown_borrower",)),
    "consent": Kind(
        "consents", ("borrower", "kind", "value", "channel", "happened_at"), rules=("unknown_borrower", "booked_in_the_future"),
        table="borrowers_consent", columns=("is_given", "source", "wording"),
    ),
    "loan": Kind("loans", ("external_id",), ("source", "external_id")),
    "instalment": Kind("instalments", ("loan", "number")),
    "payment": Kind("payments", ("external_id",), name="left(loan, 40) || '/' || effective_on || '/' || amount"),
    "party": Kind("parties", ("loan", "person", "role", "since"), person="person", rules=("unknown_borrower", "unknown_loan")),
    "charge": Kind(
        "charges", ("external_id",), name="left(loan, 30) || '/' || effective_on || '/' || kind || '/' || amount",
        day="effective_on", rules=_OF_LOAN, table="borrowers_charge", columns=("loan_id", "kind", "amount", "effective_on"),
    ),
    "event": Kind(
        "events", ("external_id",), name="left(loan, 40) || '/' || effective_on || '/' || kind",
        day="effective_on", rules=_OF_LOAN, table="borrowers_loanevent",
        columns=("loan_id", "kind", "amount", "counterparty", "note", "effective_on"),
    ),
    "statement": Kind(
        "statements", ("loan", "stated_on"), day="stated_on", rules=_OF_LOAN, table="borrowers_statement",
        columns=("due_on", "principal_amount", "interest_amount", "fee_amount", "balance_amount"),
    ),
    "snapshot": Kind(
        "snapshots", ("loan", "as_of"), day="as_of", rules=_OF_LOAN, table="borrowers_balancesnapshot",
        columns=("days_past_due", "outstanding_amount", "outstanding_principal_amount", "overdue_amount", "status"),
    ),
    "contact": Kind(
        "actions", ("external_id",), day="effective_on", table="borrowers_contactevent",
        name="left(coalesce(loan, borrower), 40) || '/' || to_char(happened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI') "
        "|| '/' || channel",
        rules=("unknown_borrower", "unknown_loan", "from_the_future", "booked_in_the_future"),
        columns=(
            "borrower_id", "loan_id", "agent_id", "channel", "outcome", "reached_borrower", "is_connected", "contact_point_id",
            "text_sent", "talk_minutes", "wrap_up_minutes", "note", "follow_up_on", "effective_on", "happened_at",
        ),
    ),
    "promise": Kind(
        "promises", ("external_id",), name="left(loan, 40) || '/' || made_on || '/' || amount || '/' || due_on",
        day="made_on", rules=_OF_LOAN, table="borrowers_promise",
        columns=("loan_id", "contact_event_id", "amount", "made_on", "due_on"),
    ),
    "collateral": Kind(
        "collateral", ("loan", "reference", "valued_on"), day="valued_on",
        rules=("unknown_loan", "from_the_future", "booked_in_the_future"), table="borrowers_collateral",
        columns=("kind", "description", "value_amount"),
    ),
}  # fmt: skip
# In this order they come into the books, after borrowers, loans and payments: a promise names its contact.
ENTRIES = ("charge", "event", "contact", "promise")
STATES = {
    "consent": ("contact_point_id", "channel", "happened_at"),
    "statement": ("loan_id", "stated_on"),
    "snapshot": ("loan_id", "as_of"),
    "collateral": ("loan_id", "reference", "valued_on"),
}
