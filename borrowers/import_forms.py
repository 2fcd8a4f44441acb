"""What people fill in while importing."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict

from borrowers.importing.mapping import FIELDS
from borrowers.importing.suggesting.draft import ATTRIBUTE, NOTHING, Column, TableDraft, draft_from_json
from borrowers.importing.suggesting.writing import missing_of
from borrowers.models import Upload
from creditpath.accounts.models import Team

KINDS = {
    "borrower": "Customer", "loan": "Loan", "schedule": "Schedule of the loan", "instalment": "Instalment", "payment": "Payment",
    "snapshot": "Balance on a day", "contact_point": "Contact point", "event": "Event of a loan",
    "party": "Person beside the loan",
}  # fmt: skip
SHOWN_EXAMPLES = 3
# What people call the fields whose names do not say it by themselves.
LABELS = {
    "external_id": "id", "as_of": "day of the balance", "effective_on": "day it counts from", "due_on": "due day",
    "booked_at": "moment it was known", "full_name": "name", "annual_interest_ratio": "interest rate a year",
    "outstanding_amount": "balance (all that is owed)", "outstanding_principal_amount": "balance (principal alone)",
    "overdue_amount": "amount overdue", "approved_on": "day of approval or payout", "approved_at": "moment of approval or payout",
    "jurisdiction": "country",
}  # fmt: skip


ENDINGS = ".csv,.tsv,.txt,.gz,.xlsx,.parquet,.pq,.sqlite,.sqlite3,.db"


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or several files."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(file, initial) for file in files]


class UploadForm(forms.Form):
    """The files of a lender."""

    source_files = FilesField(
        label="Files", allow_empty_file=True, max_length=1000,
        error_messages={"required": "Choose at least one file."},
        widget=ManyFiles(attrs={"accept": ENDINGS, "aria-describedby": "kinds"}),
    )  # fmt: skip


class ImportForm(forms.Form):
    """The last questions before an import."""

    team = forms.ModelChoiceField(
        label="New customers go to", queryset=Team.objects.order_by("name"), required=False, empty_label="no team yet"
    )
    is_confirmed = forms.BooleanField(label="Import the other rows all the same", required=False)
    reason = forms.CharField(label="Why that is right", required=False, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)


@dataclass(frozen=True)
class Line:
    """One column in the form: its header, values, and where it goes."""

    name: str
    column: Column
    chosen: str

    @property
    def header(self) -> str:
        return self.column.name

    @property
    def examples(self) -> tuple[str, ...]:
        return self.column.look.examples[:SHOWN_EXAMPLES]

    @property
    def sure(self) -> str:
        return self.column.choice.sure if self.chosen == self.column.choice.target else "yours"

    @property
    def why(self) -> str:
        return self.column.choice.why


@dataclass(frozen=True)
class Part:
    """One table in the form."""

    number: int
    table: TableDraft
    lines: tuple[Line, ...]
    is_used: bool
    asks_order: bool
    asks_day: bool
    counts_periods: bool
    day: str
    order: str
    missing: tuple[str, ...]


class MappingForm:
    """A choice for each column of each table; what was sent stands before what was drafted."""

    def __init__(self, upload: Upload, data: QueryDict | None = None) -> None:
        self.draft = draft_from_json(upload.draft)
        self.data = data
        lacking = missing_of(self.draft)
        self.lacks_currency = ("", "loan.currency") in lacking
        self.currency = self._sent("currency", self.draft.currency)
        self.product = self._sent("product", self.draft.product)
        self.parts = [self._part(number, table, lacking) for number, table in enumerate(self.draft.tables)]
        self.has_guesses = any(line.sure == "guess" for part in self.parts if part.is_used for line in part.lines)
        self.needs = [f"{name}: {label_of(target)}" for name, target in lacking if name]

    def _sent(self, name: str, otherwise: str) -> str:
        return str(self.data.get(name, otherwise)) if self.data is not None else otherwise

    def _part(self, number: int, table: TableDraft, lacking: list[tuple[str, str]]) -> Part:
        lines = tuple(
            Line(f"c-{number}-{place}", column, self._sent(f"c-{number}-{place}", column.choice.target))
            for place, column in enumerate(table.columns)
        )
        return Part(
            number=number, table=table, lines=lines,
            is_used=f"used-{number}" in self.data if self.data is not None else table.is_used,
            asks_order=any(not line.column.look.order_is_known for line in lines),
            asks_day=table.lacks_a_day,
            counts_periods=table.column_of("snapshot.as_of") is not None,
            day=self._sent(f"day-{number}", table.constants.get("snapshot.as_of", "")),
            order=self._sent(f"order-{number}", _order_of(lines)),
            missing=tuple(label_of(target) for name, target in lacking if name == table.name),
        )  # fmt: skip

    @property
    def fields(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """All places that a column can go to, by group."""
        groups = [
            (KINDS.get(kind, kind.capitalize()), [(f"{kind}.{name}", label_of(f"{kind}.{name}")) for name in names])
            for kind, names in FIELDS.items()
        ]
        return [("Elsewhere", [(ATTRIBUTE, "keep as an extra attribute"), (NOTHING, "leave out")]), *groups]

    def choices(self) -> dict[str, Any]:
        """Return what was chosen, for the service; places that do not exist count as left out."""
        known = {value for _, options in self.fields for value, _ in options}
        data = self.data or QueryDict()
        return {
            "choices": {
                part.number: {line.header: line.chosen if line.chosen in known else NOTHING for line in part.lines}
                for part in self.parts
            },
            "used": {part.number: part.is_used for part in self.parts},
            "constants": {
                part.number: _day_of(data.get(f"day-{part.number}", "")) for part in self.parts if part.asks_day
            },
            "orders": {part.number: data.get(f"order-{part.number}", "") for part in self.parts if part.asks_order},
            "currency": self.currency.strip().upper(),
            "product": self.product.strip()[:40],
        }


def _order_of(lines: tuple[Line, ...]) -> str:
    """Return how dates whose order is unknown are read now."""
    forms = [
        line.column.look.formats[0]
        for line in lines
        if line.column.look.formats and not line.column.look.order_is_known
    ]
    return ("dm" if forms[0].find("%d") < forms[0].find("%m") else "md") if forms else ""


def _day_of(text: str) -> dict[str, str]:
    """Return what a day of the balances says; what is no day says nothing."""
    try:
        day = date.fromisoformat(text).isoformat()
    except ValueError:
        return {}
    return {"snapshot.as_of": day, "loan.approved_on": day}


def label_of(target: str) -> str:
    """Return a field in the words of the form: "Loan: day of approval or payout"."""
    kind, _, name = target.partition(".")
    return f"{KINDS.get(kind, kind.capitalize())}: {LABELS.get(name, name.replace('_', ' '))}"
