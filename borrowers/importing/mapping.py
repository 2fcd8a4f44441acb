"""The mapping as it is understood: which of the lender's columns is what."""

from dataclasses import dataclass, field
from datetime import date

DEFAULT_MISSING = ("", "NA", "N/A", "n/a", "NULL", "null", "None", "NaN", "nan", "#N/A")
ATTRIBUTE_TYPES = ("text", "integer", "number", "date", "boolean")

# field -> (type, required); the types are those of values.py
FIELDS: dict[str, dict[str, tuple[str, bool]]] = {
    "borrower": {
        "external_id": ("text64", True), "full_name": ("text200", False), "birth_date": ("date", False),
        "language": ("text8", False), "time_zone": ("zone", False), "jurisdiction": ("text8", False),
        "household": ("text64", False), "team": ("team", False), "phone": ("text300", False),
        "email": ("text300", False), "address": ("text300", False),
    },
    "contact_point": {
        "borrower": ("text64", True), "kind": ("point_kind", True), "value": ("text300", True),
        "is_preferred": ("boolean", False), "verified_on": ("date", False), "opted_out_on": ("date", False),
        "time_zone": ("zone", False),
    },
    "consent": {
        "borrower": ("text64", True), "kind": ("point_kind", True), "value": ("text300", True),
        "channel": ("consent_channel", False), "is_given": ("boolean", True), "origin": ("text120", True),
        "wording": ("text4000", False), "happened_at": ("instant", True), "booked_at": ("instant", False),
    },
    "loan": {
        "external_id": ("text64", True), "borrower": ("text64", True), "product": ("text40", True),
        "product_kind": ("product_kind", False), "bookkeeping": ("bookkeeping", False), "currency": ("currency", True),
        "principal_amount": ("positive_money", False), "credit_limit_amount": ("money", False),
        "annual_interest_ratio": ("ratio", False), "term_days": ("count", False), "approved_on": ("date", True),
        "approved_at": ("instant", False), "written_off_on": ("date", False), "booked_at": ("instant", False),
    },
    "schedule": {
        "first_due_on": ("date", True), "instalments": ("count", True), "total_due_amount": ("money", False),
        "interest_amount": ("money", False), "fee_amount": ("money", False),
    },
    "instalment": {
        "loan": ("text64", True), "number": ("count", False), "due_on": ("date", True),
        "principal_amount": ("money", True), "interest_amount": ("money", False), "fee_amount": ("money", False),
    },
    "payment": {
        "external_id": ("text76", False), "loan": ("text64", True), "amount": ("positive_money", True),
        "effective_on": ("date", True), "booked_at": ("instant", False), "channel": ("channel", False),
        "currency": ("currency", False), "status": ("payment_status", False), "reference": ("text120", False),
        "returned_on": ("date", False), "return_reason": ("return_reason", False),
    },
    "party": {
        "loan": ("text64", True), "person": ("text64", True), "role": ("party_role", True), "authority": ("text200", False),
        "since": ("date", True), "until": ("date", False),
    },
    "charge": {
        "external_id": ("text76", False), "loan": ("text64", True), "kind": ("charge_kind", True),
        "amount": ("positive_money", True), "effective_on": ("date", True), "waived_on": ("date", False),
        "booked_at": ("instant", False),
    },
    "event": {
        "external_id": ("text76", False), "loan": ("text64", True), "kind": ("event_kind", True), "amount": ("money", False),
        "counterparty": ("text120", False), "note": ("text2000", False), "effective_on": ("date", True),
        "booked_at": ("instant", False),
    },
    "statement": {
        "loan": ("text64", True), "stated_on": ("date", True), "due_on": ("date", True),
        "principal_amount": ("money", True), "interest_amount": ("money", False), "fee_amount": ("money", False),
        "balance_amount": ("money", True), "booked_at": ("instant", False),
    },
    "snapshot": {
        "loan": ("text64", True), "as_of": ("date", True), "days_past_due": ("days", False),
        "outstanding_amount": ("money", False), "outstanding_principal_amount": ("money", False),
        "overdue_amount": ("money", False), "status": ("text40", False), "booked_at": ("instant", False),
    },
    "contact": {
        "external_id": ("text76", False), "borrower": ("text64", False), "loan": ("text64", False),
        "channel": ("contact_channel", True), "outcome": ("contact_outcome", True), "reached_borrower": ("boolean", False),
        "is_connected": ("boolean", False), "contact_point": ("text300", False), "text_sent": ("text20000", False),
        "talk_minutes": ("minutes", False), "wrap_up_minutes": ("minutes", False),
        "note": ("text4000", False), "agent": ("user", False), "follow_up_on": ("date", False),
        "happened_at": ("instant", True), "effective_on": ("date", True), "booked_at": ("instant", False),
    },
    "promise": {
        "external_id": ("text76", False), "loan": ("text64", True), "contact": ("text76", False),
        "amount": ("positive_money", True), "made_on": ("date", True), "due_on": ("date", True),
        "booked_at": ("instant", False),
    },
    "collateral": {
        "loan": ("text64", True), "reference": ("text80", True), "kind": ("text40", True), "description": ("text300", False),
        "value_amount": ("money", True), "valued_on": ("date", True), "booked_at": ("instant", False),
    },
}  # fmt: skip
TABLES = tuple(FIELDS)
WITH_ATTRIBUTES = ("borrower", "loan")
# What a loan's days past due are computed from; a lender that gives none of it gives snapshots.
LEDGER = frozenset({"schedule", "instalment", "payment", "statement"})


@dataclass(frozen=True)
class Reading:
    """How text is read: what a source does not say itself it takes from [defaults]."""

    date_formats: tuple[str, ...] = ()
    time_zone: str = "UTC"
    decimal: str = "."
    thousands: str = ""
    missing: tuple[str, ...] = DEFAULT_MISSING
    currency_signs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Value:
    """Where one field comes from."""

    path: str
    type: str
    required: bool = False
    column: str | None = None
    template: str | None = None
    constant: str | None = None
    values: dict[str, str] | None = None
    otherwise: str | None = None
    default: str | None = None
    formats: tuple[str, ...] | None = None
    missing: tuple[str, ...] = ()
    divide_by: int = 1
    plus_days: "int | Value" = 0
    plus_months: "int | Value" = 0
    days_after: "Value | None" = None

    def columns(self) -> set[str]:
        """Return the columns that must be in the file."""
        found = {self.column} if self.column else set()
        if self.template:
            found |= set(template_columns(self.template))
        for other in (self.plus_days, self.plus_months, self.days_after):
            if isinstance(other, Value):
                found |= other.columns()
        return found


@dataclass(frozen=True)
class TableMapping:
    """What one source gives to one table."""

    fields: dict[str, Value]
    attributes: dict[str, Value] = field(default_factory=dict)
    duplicates: str = "reject"
    if_given: str | None = None
    every_days: int = 0
    every_months: int = 0
    working_days: bool = False
    holidays: tuple[date, ...] = ()

    def columns(self) -> set[str]:
        own = {self.if_given} if self.if_given else set()
        return own.union(*(value.columns() for value in (*self.fields.values(), *self.attributes.values())))


@dataclass(frozen=True)
class Join:
    """Columns looked up in another file by equal keys."""

    files: str
    on: dict[str, str]
    columns: tuple[str, ...]
    prefix: str = ""


@dataclass(frozen=True)
class Source:
    """One kind of file."""

    name: str
    files: str
    reading: Reading
    tables: dict[str, TableMapping]
    where: dict[str, tuple[str, ...]]
    where_not: dict[str, tuple[str, ...]]
    joins: tuple[Join, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    table: str | None = None
    optional: bool = False

    def columns(self) -> set[str]:
        """Return every column of the file or of its joins that the mapping reads."""
        own = set().union(*(table.columns() for table in self.tables.values()))
        return own | set(self.where) | set(self.where_not) | {key for join in self.joins for key in join.on}


@dataclass(frozen=True)
class Mapping:
    """The whole mapping, as written and as understood."""

    text: str
    sources: tuple[Source, ...]
    currency: str | None = None
    product: str | None = None
    business_date: date | None = None
    late_entries: str = "booked_now"
    changed_schedules: str = "correction"

    @property
    def kinds(self) -> set[str]:
        """Return the staging tables that the sources feed; a schedule makes instalments."""
        return {"instalment" if kind == "schedule" else kind for source in self.sources for kind in source.tables}

    @property
    def bookkeeping(self) -> str:
        """Return how loans are kept that do not say it themselves."""
        fed = set().union(*(source.tables for source in self.sources))
        return "snapshots" if "snapshot" in fed and not fed & LEDGER else "ledger"


def template_columns(template: str) -> list[str]:
    """Return the columns named in {braces}."""
    return [part.split("}", 1)[0] for part in template.split("{")[1:] if "}" in part]
