"""The specification as data: what each column of a table becomes. Plain JSON, kept beside the model that was trained on it."""

from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from json import dumps
from math import isfinite
from typing import Any, Literal, get_args

Kind = Literal["number", "date", "category", "left_out"]
RARE, MISSING = "(rare)", "(missing)"
VERSION = 1
DECIMALS = (".", ",")


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


def specification_from_json(data: Any) -> Specification:
    """Return what `as_json` wrote; raises ValueError in one line for another version, or for what it never writes."""
    version = data.get("version") if isinstance(data, dict) else None
    if version != VERSION:
        raise ValueError(f"A specification of version {version} cannot be read; this product reads version {VERSION}.")
    items = data.get("columns")
    if not isinstance(items, list | tuple):
        raise ValueError("A specification needs a list of columns.")
    columns = tuple(map(_read_column, items))
    if len({column.name for column in columns}) < len(columns):
        raise ValueError("A specification names each column once.")
    return Specification(columns)


def _read_column(item: Any) -> Column:
    if not isinstance(item, dict) or not {"name", "kind"} <= item.keys() <= {field.name for field in fields(Column)}:
        raise ValueError("A column of the specification lacks its name or kind, or has fields that there are not.")
    told = [item["name"], item.get("form", ""), item.get("why", "")]
    levels, sentinels = item.get("levels", []), item.get("sentinels", [])
    if not (
        item["kind"] in get_args(Kind)
        and item.get("decimal", ".") in DECIMALS
        and isinstance(levels, list | tuple)
        and isinstance(sentinels, list | tuple)
        and all(isinstance(text, str) for text in (*told, *levels))
        and all(isinstance(number, int | float) and isfinite(number) for number in sentinels)
    ):
        raise ValueError(f"Column {str(item['name'])[:60]!r} of the specification has a value that it cannot have.")
    return Column(**item | {"levels": tuple(levels), "sentinels": tuple(map(float, sentinels))})
