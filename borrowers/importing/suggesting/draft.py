"""The draft: for each table of the source and each column a field, how sure that is, and why."""

from collections.abc import Mapping as Dict
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from borrowers.importing.suggesting.looks import Look

Sure = Literal["sure", "likely", "guess", "yours"]
ATTRIBUTE = "attribute"  # kept as an extra attribute of the borrower or the loan
NOTHING = ""  # left out


@dataclass(frozen=True)
class Choice:
    """Where a column goes: "loan.principal_amount", an extra attribute, or nowhere."""

    target: str
    sure: Sure
    why: str


@dataclass(frozen=True)
class Column:
    """One column: its header, what its values are, and the choice."""

    name: str
    look: Look
    choice: Choice


@dataclass(frozen=True)
class TableDraft:
    """One table of the source: a file, a sheet, a table of a database."""

    name: str
    files: str
    n_rows: int
    is_whole: bool
    columns: tuple[Column, ...]
    sheet: str | None = None
    table: str | None = None
    encoding: str | None = None
    is_used: bool = True
    constants: Dict[str, str] = field(default_factory=dict)  # "snapshot.as_of" -> "2026-06-30"
    missing: tuple[str, ...] = ()  # cells that say nothing, beside the usual ones
    notes: tuple[str, ...] = ()

    def column_of(self, target: str) -> Column | None:
        return next((column for column in self.columns if column.choice.target == target), None)

    @property
    def lacks_a_day(self) -> bool:
        """Say whether the day of balances is not in the rows: in no column, or as a count of periods."""
        column = self.column_of("snapshot.as_of")
        has_balances = any(target.startswith("snapshot.") for target in self.targets)
        return has_balances and (column is None or column.look.kind == "number")

    @property
    def targets(self) -> set[str]:
        return {column.choice.target for column in self.columns if "." in column.choice.target} | set(self.constants)


@dataclass(frozen=True)
class Draft:
    """What a mapping is written from; `currency` and `product` hold for loans whose table does not say them."""

    tables: tuple[TableDraft, ...]
    currency: str = ""
    currency_why: str = ""
    product: str = ""
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def _look_from_json(data: dict[str, Any]) -> Look:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return Look(**values)


def draft_from_json(data: dict[str, Any]) -> Draft:
    """Return the draft that `as_json` wrote."""
    tables = []
    for item in data["tables"]:
        columns = tuple(
            Column(
                name=column["name"],
                look=_look_from_json(column["look"]),
                choice=Choice(**column["choice"]),
            )
            for column in item["columns"]
        )
        tables.append(
            TableDraft(**{**item, "columns": columns, "notes": tuple(item["notes"]), "missing": tuple(item["missing"])})
        )
    return Draft(**{**data, "tables": tuple(tables), "notes": tuple(data["notes"])})


def choose(table: TableDraft, choices: Dict[str, str]) -> TableDraft:
    """Return the table with columns put where a person wants them; a choice that differs is the person's own."""
    columns = tuple(
        column
        if choices.get(column.name, column.choice.target) == column.choice.target
        else replace(column, choice=Choice(choices[column.name], "yours", "chosen by hand"))
        for column in table.columns
    )
    return replace(table, columns=columns)
