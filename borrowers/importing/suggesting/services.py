"""The verb of suggesting a mapping."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from borrowers.importing.errors import MappingInvalid, SourceUnreadable
from borrowers.importing.suggesting.draft import Draft
from borrowers.importing.suggesting.fields import describe


@dataclass(frozen=True)
class Suggestion:
    """A drafted mapping: its text, what it was written from, and what a person must still say."""

    draft: Draft
    toml: str
    missing: tuple[tuple[str, str], ...]
    written_to: Path | None = None

    def summary(self) -> str:
        lines = [] if self.written_to else [self.toml]
        n_columns = sum(len(table.columns) for table in self.draft.tables)
        used = [table.name for table in self.draft.tables if table.is_used]
        lines.append(
            f"Looked at {len(self.draft.tables)} tables with {n_columns} columns; {len(used)} can be imported."
        )
        lines += [
            f"Missing{f' in {name}' if name else ''}: {describe(target)} ({target})." for name, target in self.missing
        ]
        if self.written_to:
            lines.append(
                f"The draft is in {self.written_to}. Correct it, then: "
                f"import_portfolio SOURCE --mapping {self.written_to} --dry-run"
            )
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        return {
            "mapping": self.toml,
            "missing": [{"table": name, "field": target} for name, target in self.missing],
            "tables": [
                {
                    "name": table.name,
                    "used": table.is_used,
                    "columns": [
                        {"name": c.name, "field": c.choice.target, "sure": c.choice.sure, "why": c.choice.why}
                        for c in table.columns
                    ],
                }
                for table in self.draft.tables
            ],
        }


def suggest_mapping(
    *, source: Path, output: Path | None = None, currency: str = "", product: str = "", as_of: date | None = None
) -> Suggestion:
    """Draft a mapping from the headers and the first 20,000 rows of each table under a file or folder.

    `as_of` is the day of balances whose rows have no date; of the last period where periods are counted. Takes seconds,
    and the memory of a block of each file. Writes nothing but `output`. Raises SourceUnreadable, MappingInvalid.
    """
    from borrowers.importing.suggesting.drafting import draft_tables
    from borrowers.importing.suggesting.sampling import take_samples

    if currency and not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise MappingInvalid(f"{currency!r} is not a currency code of three capital letters such as NGN.")
    samples, unread = take_samples(Path(source))
    draft = draft_tables(samples, unread, currency=currency, product=product)
    return write_suggestion(draft if as_of is None else _on_day(draft, as_of), output=output)


def _on_day(draft: Draft, as_of: date) -> Draft:
    """Return the draft with the day of balances whose rows have no date."""
    said = {"snapshot.as_of": as_of.isoformat(), "loan.approved_on": as_of.isoformat()}
    tables = tuple(
        replace(table, constants={**said, **table.constants}) if table.lacks_a_day else table for table in draft.tables
    )
    return replace(draft, tables=tables)


def write_suggestion(draft: Draft, *, output: Path | None = None) -> Suggestion:
    """Return the mapping of a draft, as text and, if wanted, in a file; raises SourceUnreadable where it cannot be written."""
    from borrowers.importing.suggesting.writing import missing_of, write_toml

    toml = write_toml(draft, time_zone=settings.TIME_ZONE)
    if output is not None:
        try:
            output.write_text(toml, encoding="utf-8")
        except OSError as error:
            raise SourceUnreadable(f"{output}: cannot be written ({error.strerror}); name another file.") from error
    return Suggestion(draft, toml, tuple(missing_of(draft)), output)
