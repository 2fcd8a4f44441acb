"""Which field of which table each thing we look for goes to, by what the rows of a file are about."""

from typing import Literal

from borrowers.importing.mapping import FIELDS

Role = Literal["borrower", "loan", "payment", "instalment", "snapshot", "charge", "contact", "unknown"]

_PERSON = {
    "customer_id": "borrower.external_id", "customer_name": "borrower.full_name", "birth_date": "borrower.birth_date",
    "phone": "borrower.phone", "email": "borrower.email", "address": "borrower.address", "language": "borrower.language",
    "time_zone": "borrower.time_zone", "country": "borrower.jurisdiction", "household": "borrower.household",
}  # fmt: skip
_LOAN = {
    "loan_id": "loan.external_id", "product": "loan.product", "currency": "loan.currency", "principal": "loan.principal_amount",
    "rate": "loan.annual_interest_ratio", "term_days": "loan.term_days", "approved_on": "loan.approved_on",
    "written_off_on": "loan.written_off_on",
}  # fmt: skip
TARGETS: dict[Role, dict[str, str]] = {
    "borrower": _PERSON,
    "loan": {
        **_PERSON, **_LOAN, "first_due_on": "schedule.first_due_on", "n_instalments": "schedule.instalments",
        "total_due": "schedule.total_due_amount",
    },
    "payment": {
        "payment_id": "payment.external_id", "loan_id": "payment.loan", "payment_amount": "payment.amount",
        "payment_date": "payment.effective_on", "channel": "payment.channel", "currency": "payment.currency",
    },
    "instalment": {
        "loan_id": "instalment.loan", "due_on": "instalment.due_on", "principal_due": "instalment.principal_amount",
        "interest_due": "instalment.interest_amount", "fee_due": "instalment.fee_amount",
        "instalment_number": "instalment.number",
    },
    "snapshot": {
        **_PERSON, **_LOAN, "balance": "snapshot.outstanding_amount", "dpd": "snapshot.days_past_due",
        "amount_due": "snapshot.overdue_amount", "as_of": "snapshot.as_of", "status": "snapshot.status",
    },
    "charge": {
        "loan_id": "charge.loan", "charge_kind": "charge.kind", "charge_amount": "charge.amount",
        "charge_date": "charge.effective_on", "waived_on": "charge.waived_on",
    },
    "contact": {
        "customer_id": "contact.borrower", "loan_id": "contact.loan", "contact_channel": "contact.channel",
        "contact_outcome": "contact.outcome", "contact_at": "contact.happened_at", "contact_note": "contact.note",
        "phone": "contact.contact_point",
    },
    "unknown": {},
}  # fmt: skip

# Words of a table's name that say what its rows are.
NAMES_OF_ROLES: dict[str, Role] = {
    "customer": "borrower", "customers": "borrower", "borrowers": "borrower", "clients": "borrower", "members": "borrower",
    "demographics": "borrower", "people": "borrower", "persons": "borrower", "kyc": "borrower",
    "loan": "loan", "loans": "loan", "accounts": "loan", "contracts": "loan", "contract": "loan", "applications": "loan",
    "payment": "payment", "payments": "payment", "repayments": "payment", "receipts": "payment", "transactions": "payment",
    "collections": "payment", "charges": "charge", "fees": "charge", "penalties": "charge", "calls": "contact",
    "contacts": "contact", "contact": "contact", "call": "contact", "attempts": "contact", "visits": "contact",
    "interactions": "contact", "followups": "contact", "dispositions": "contact", "instalment": "instalment",
    "instalments": "instalment", "schedule": "instalment", "schedules": "instalment", "plan": "instalment", "balance": "snapshot",
    "balances": "snapshot", "snapshot": "snapshot", "snapshots": "snapshot", "dpd": "snapshot", "overdue": "snapshot",
    "arrears": "snapshot", "aging": "snapshot", "ageing": "snapshot", "portfolio": "snapshot", "status": "snapshot",
    "panel": "snapshot", "reporting": "snapshot",
}  # fmt: skip

# What the values of a thing must be, so that its name counts.
KINDS_OF: dict[str, frozenset[str]] = {
    **dict.fromkeys(("customer_id", "loan_id", "payment_id", "household"), frozenset({"code", "number", "text", "phone"})),
    **dict.fromkeys(
        ("customer_name", "address", "language", "time_zone", "product"), frozenset({"text", "code", "number", "flag"})
    ),
    **dict.fromkeys(
        ("country", "channel", "status", "charge_kind", "contact_channel", "contact_outcome"),
        frozenset({"text", "code", "number"}),
    ),
    **dict.fromkeys(
        ("principal", "total_due", "payment_amount", "principal_due", "interest_due", "fee_due", "balance", "amount_due",
         "instalment_amount", "last_payment_amount", "charge_amount"), frozenset({"number"}),
    ),
    **dict.fromkeys(
        ("term_days", "term_months", "n_instalments", "instalment_number", "dpd", "month_index", "month_on_book"),
        frozenset({"number"}),
    ),
    **dict.fromkeys(
        ("birth_date", "approved_on", "first_due_on", "maturity_on", "written_off_on", "payment_date", "due_on", "as_of",
         "last_payment_on", "next_due_on", "charge_date", "waived_on", "contact_at"), frozenset({"date"}),
    ),
    "phone": frozenset({"phone", "number", "code"}),
    "email": frozenset({"email"}),
    "currency": frozenset({"currency"}),
    "rate": frozenset({"number", "percent"}),
}  # fmt: skip
WHOLE = frozenset(
    {"term_days", "term_months", "n_instalments", "instalment_number", "dpd", "month_index", "month_on_book"}
)
UNIQUE_IDS: dict[Role, str] = {"borrower": "customer_id", "loan": "loan_id", "payment": "payment_id"}


# Statuses of the months in which a card was late -> the least days that they mean; C is paid off, X no loan.
DAYS_OF_STATUSES = {"C": "0", "X": "0", "0": "1", **{str(n): str(30 * n) for n in range(1, 10)}}


def required_fields(table: str) -> list[str]:
    """Return the fields that a row must have, before anything is filled in by itself."""
    return [name for name, (_, required) in FIELDS[table].items() if required]


def describe(target: str) -> str:
    """Return a field in a person's words: "loan.principal_amount" is "the loan's principal amount"."""
    table, _, name = target.partition(".")
    return f"the {table}'s {name.replace('_', ' ').replace('external id', 'id')}"
