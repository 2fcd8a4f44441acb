"""The specification as data: what each column of a table becomes. Plain JSON, kept beside the model that was trained on it."""

from dataclasses import asdict, dataclass
from hashlib import sha256
from json import dumps
from typing import Any, Literal

Kind = Literal["number", "date", "category", "left_out"]
RARE, MISSING = "(rare)", "(missing)"
VERSION = 1


@dataclass(frozen=True)
class Column:
    """One column of the table.

    A number or date is one feature, missing where the cell says nothing, beside one 0/1 feature for each sentinel, which itself
    counts as missing. A category is one 0/1 feature a level, with a level for rare values and one for missing ones.
    """

    name: str
    kind: Kind
    decimal: str = "."
    form: str = ""
    sentinels: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    why: str = ""

    @property
    def features(self) -> list[str]:
        if self.kind in ("number", "date"):
            return [self.name, *(f"{self.name} = {sentinel:g}" for sentinel in self.sentinels)]
        return [f"{self.name} = {level}" for level in self.levels]


@dataclass(frozen=True)
class Specification:
    """All columns in the order of their features."""

    columns: tuple[Column, ...]

    @property
    def features(self) -> list[str]:
        return [feature for column in self.columns for feature in column.features]

    @property
    def hash(self) -> str:
        """Return the first 16 hex digits of the sha256 of the canonical JSON."""
        return sha256(dumps(self.as_json(), sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]

    def without(self, names: set[str]) -> "Specification":
        return Specification(tuple(column for column in self.columns if column.name not in names))

    def as_json(self) -> dict[str, Any]:
        return {"version": VERSION, "columns": [asdict(column) for column in self.columns]}


def specification_from_json(data: dict[str, Any]) -> Specification:
    """Return what `as_json` wrote; raises ValueError for another version."""
    if data.get("version") != VERSION:
        raise ValueError(
            f"A specification of version {data.get('version')} cannot be read; this product reads version {VERSION}."
        )
    columns = []
    for item in data["columns"]:
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in item.items()
        }
        columns.append(Column(**fields))
    return Specification(tuple(columns))
