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
    "loan": {
        "external_id": ("text64", True), "borrower": ("text64", True), "product": ("text40", True),
        "currency": ("currency", True), "principal_amount": ("positive_money", True),
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
        "currency": ("currency", False),
    },
}  # fmt: skip
TABLES = tuple(FIELDS)


@dataclass(frozen=True)
class Reading:
    """How text is read: what a source does not say itself it takes from [defaults]."""

    date_formats: tuple[str, ...] = ()
    time_zone: str = "UTC"
    decimal: str = "."
    thousands: str = ""
    missing: tuple[str, ...] = DEFAULT_MISSING


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
    divide_by: int = 1
    plus_days: "int | Value" = 0
    plus_months: int = 0
    days_after: "Value | None" = None

    def columns(self) -> set[str]:
        """Return the columns that must be in the file."""
        found = {self.column} if self.column else set()
        if self.template:
            found |= set(template_columns(self.template))
        for other in (self.plus_days, self.days_after):
            if isinstance(other, Value):
                found |= other.columns()
        return found


@dataclass(frozen=True)
class TableMapping:
    """What one source gives to one table."""

    fields: dict[str, Value]
    attributes: dict[str, Value] = field(default_factory=dict)
    duplicates: str = "reject"
    every_days: int = 0
    every_months: int = 0
    working_days: bool = False
    holidays: tuple[date, ...] = ()

    def columns(self) -> set[str]:
        return set().union(*(value.columns() for value in (*self.fields.values(), *self.attributes.values())))


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


def template_columns(template: str) -> list[str]:
    """Return the columns named in {braces}."""
    return [part.split("}", 1)[0] for part in template.split("{")[1:] if "}" in part]
