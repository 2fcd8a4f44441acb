"""What is wrong, how bad it is, and what to do about it, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations, permutations
from typing import Literal

import numpy as np
import pandas as pd

from borrowers.importing.suggesting.looks import Look
from borrowers.importing.suggesting.naming import match_names, words_of
from borrowers.profiling.gathering import ColumnFacts, TableFacts, days, numbers

Severity = Literal["stop", "look", "note"]  # rows will be lost or wrong; somebody should look; good to know
RANK = {"stop": 0, "look": 1, "note": 2}
DATE_ORDER = (
    "birth_date",
    "approved_on",
    "first_due_on",
    "maturity_on",
)  # each before the next, by the nature of things
MONEY = frozenset(
    {"balance", "principal", "amount_due", "payment_amount", "total_due", "principal_due", "instalment_amount"}
)
ODD_SHARE = 0.03  # what is true of all but so few rows is a rule that they break
LINK_SHARE = 0.5


@dataclass(frozen=True)
class Finding:
    """One fault: where, what in one sentence, how much of the data, and the remedy."""

    severity: Severity
    table: str
    column: str
    title: str
    detail: str
    remedy: str


def find_faults(tables: list[TableFacts], *, today: date) -> list[Finding]:
    """Return all findings, the worst first."""
    found: list[Finding] = []
    for table in tables:
        found += _of_table(table, today)
    found += _of_links(tables)
    return sorted(found, key=lambda finding: RANK[finding.severity])


def _of_table(table: TableFacts, today: date) -> Iterator[Finding]:
    if table.trouble:
        yield Finding(
            "stop",
            table.name,
            "",
            "The file could not be read to its end",
            table.trouble,
            "Fetch or export the file again.",
        )
    if table.encoding:
        detail = f"It was read as {table.encoding}; accents may be wrong."
        yield Finding(
            "look",
            table.name,
            "",
            "The file is not UTF-8",
            detail,
            'Export it as UTF-8, or name encoding = "cp1252" in the mapping.',
        )
    if not table.n_rows:
        return
    if table.n_ragged:
        yield Finding(
            "stop", table.name, "", f"{table.n_ragged:,} rows have too few or too many cells", "They will be rejected.",
            "Quote cells that hold the separator, or complete the rows.",
        )  # fmt: skip
    if table.n_repeated_rows:
        share = table.n_repeated_rows / table.n_checked
        yield Finding(
            "look", table.name, "", f"{table.n_repeated_rows:,} rows repeat another row exactly",
            f"{_percent(share)} of the rows.",
            "Identical rows count once; find out why the export doubles them.",
        )  # fmt: skip
    for column in table.columns.values():
        yield from _of_column(table, column, today)
    yield from _of_dates(table)
    yield from _of_amounts(table)


def _of_column(table: TableFacts, column: ColumnFacts, today: date) -> Iterator[Finding]:
    look = column.look
    if look is None:
        return

    def finding(severity: Severity, title: str, detail: str, remedy: str) -> Finding:
        return Finding(severity, table.name, column.name, title, detail, remedy)

    missing = column.n_missing / table.n_rows
    if look.kind == "empty":
        yield finding(
            "note", "The column is empty", "It says nothing in any sampled row.", "Leave it out of the mapping."
        )
        return
    needed = column.field_of_ours in NEEDED
    if needed and column.n_missing:
        yield finding(
            "stop", f"{_percent(missing)} of a required field are missing", f"{column.n_missing:,} rows have no "
            f"{column.field_of_ours}; they will be rejected.",
            "Fill the cells in, or give a default in the mapping.",
        )  # fmt: skip
    elif missing > 0.3:
        yield finding(
            "note",
            f"{_percent(missing)} are missing",
            f"{column.n_missing:,} of {table.n_rows:,} cells are empty.",
            "Do not rely on it; ask whether empty means no.",
        )
    if look.sentinels:
        cells = table.sample[column.name].str.strip()
        share = float(cells.isin(look.sentinels).mean())
        yield finding(
            "look", f"{', '.join(look.sentinels[:3])} seems to stand for no value", f"{_percent(share)} of the "
            f"sampled rows; averages with it are wrong.",
            f'Add it to missing in the mapping: missing = ["{look.sentinels[0]}"].',
        )  # fmt: skip
    if look.n_odd:
        share = look.n_odd / max(look.n_filled, 1)
        kind = {"date": "dates", "number": "numbers"}.get(look.kind, f"{look.kind} values")
        yield finding(
            "stop" if column.field_of_ours else "look", f"Some cells are no {kind}", f"{_percent(share)} of the "
            f"filled cells, such as {look.odd[:40]!r}.",
            "Correct them, or map them to no value.",
        )  # fmt: skip
    if look.kind == "date":
        yield from _of_days(table, column, look, today)
    if look.kind == "number":
        yield from _of_numbers(table, column, look)
    yield from _of_text(table, column, look)
    yield from _of_ids(table, column, look)


NEEDED = frozenset({
    "borrower.external_id", "loan.external_id", "loan.borrower", "loan.principal_amount", "loan.approved_on", "payment.loan",
    "payment.amount", "payment.effective_on", "instalment.loan", "instalment.due_on", "instalment.principal_amount",
    "snapshot.loan", "snapshot.as_of",
})  # fmt: skip


def _of_text(table: TableFacts, column: ColumnFacts, look: Look) -> Iterator[Finding]:
    """Tell of what is odd in the cells as text."""

    def finding(severity: Severity, title: str, detail: str, remedy: str) -> Finding:
        return Finding(severity, table.name, column.name, title, detail, remedy)

    if column.n_padded:
        yield finding(
            "note",
            "Spaces before or after the values",
            f"{column.n_padded:,} cells. They are trimmed.",
            "Nothing to do.",
        )
    if column.n_unprintable:
        yield finding(
            "look", "Hidden characters", f"{column.n_unprintable:,} cells hold control characters or marks that "
            f"turn text around.",
            "Clean the export; cells with NUL are rejected.",
        )  # fmt: skip
    if column.n_formulas and look.kind != "number":
        yield finding(
            "look", "Cells that a spreadsheet would run", f"{column.n_formulas:,} cells begin like a formula. "
            f"They stay text here.",
            "Do not open the file in a spreadsheet before you know who wrote them.",
        )  # fmt: skip
    if look.n_distinct == 1 and look.n_filled == look.n > 1:
        yield finding(
            "note",
            "All rows have the same value",
            f"It is {look.examples[0][:40]!r}.",
            "It tells nothing about a single loan.",
        )
    if look.kind == "text" and 1 < look.n_distinct <= 60:
        yield from _of_categories(table, column)


def _of_days(table: TableFacts, column: ColumnFacts, look: Look, today: date) -> Iterator[Finding]:
    if not look.order_is_known:
        yield Finding(
            "stop", table.name, column.name, "Day or month first cannot be told", "No value has a day above 12, "
            "so 03/04 may be March or April.",
            f"Ask the sender, and set formats in the mapping (read as {look.formats[0]} now).",
        )  # fmt: skip
    parsed = days(column, table.sample[column.name])
    future = float((parsed > pd.Timestamp(today)).mean())
    backward = set(match_names(column.name)) & {
        "birth_date",
        "approved_on",
        "payment_date",
        "last_payment_on",
        "as_of",
        "written_off_on",
    }
    if future and (backward or future < ODD_SHARE):
        yield Finding(
            "look", table.name, column.name, "Dates in the future", f"{_percent(future)} of the sampled rows are after {today}.",
            "Correct them; entries after the business date are rejected.",
        )  # fmt: skip
    old = float((parsed < pd.Timestamp("1930-01-01")).mean())
    if old:
        yield Finding(
            "look",
            table.name,
            column.name,
            "Dates before 1930",
            f"{_percent(old)} of the sampled rows.",
            "They are likely marks for no value or typing errors.",
        )


def _of_numbers(table: TableFacts, column: ColumnFacts, look: Look) -> Iterator[Finding]:
    values = numbers(column, table.sample[column.name])
    concepts = set(match_names(column.name))
    if look.sign:
        yield Finding(
            "look", table.name, column.name, "The currency stands in the amounts", f"Such as {look.examples[0][:30]!r}.",
            "Export plain amounts and name the currency in the mapping.",
        )  # fmt: skip
    if concepts & MONEY and (values < 0).any():
        share = float((values < 0).mean())
        yield Finding(
            "look",
            table.name,
            column.name,
            "Negative amounts",
            f"{_percent(share)} of the sampled rows.",
            "If they are reversals or credits, leave these rows out with where_not.",
        )
    if len(values) >= 50 and not look.is_unique and not is_id(column.name):
        low, high = fences(values)
        outside = (values < low) | (values > high)
        share = float(outside.mean())
        if 0 < share < 0.02 and len(np.unique(values)) > 10:
            extreme = values[outside]
            far = extreme[np.argmax(np.abs(extreme - np.median(values)))]
            yield Finding(
                "look", table.name, column.name, "A few values are far from all others",
                f"{_percent(share)} of the sampled rows, as far as {far:,.10g}; half of all lie between "
                f"{np.quantile(values, 0.25):,.6g} and {np.quantile(values, 0.75):,.6g}.",
                "Check them one by one: a slipped decimal point looks like this.",
            )  # fmt: skip


def fences(values: np.ndarray) -> tuple[float, float]:
    """Return the limits beyond which a value is far out: three quartile ranges, on a log scale where values are skewed."""
    positive = values[values > 0]
    if len(positive) > 0.95 * len(values) and np.median(positive) * 5 < np.quantile(positive, 0.99):
        low, high = np.quantile(np.log(positive), [0.25, 0.75])
        reach = 3 * max(high - low, 0.1)
        return 0.0 if len(positive) < len(values) else float(np.exp(low - reach)), float(np.exp(high + reach))
    low, high = np.quantile(values, [0.25, 0.75])
    reach = 3 * (high - low or float(np.std(values)) or 1.0)
    return float(low - reach), float(high + reach)


def is_id(name: str) -> bool:
    return bool({"id", "number", "code", "phone"} & set(words_of(name)))


def _of_categories(table: TableFacts, column: ColumnFacts) -> Iterator[Finding]:
    distinct = table.sample[column.name].dropna().str.strip().drop_duplicates()
    folded = distinct.str.casefold().str.replace(r"[\s_\-.]+", "", regex=True)
    alike = distinct[folded.duplicated(keep=False)]
    if len(alike):
        yield Finding(
            "look", table.name, column.name, "One word is written in several ways",
            f"{', '.join(repr(str(word)[:20]) for word in alike.head(4))} are counted apart.",
            "Map them to one with values in the mapping.",
        )  # fmt: skip


def _of_ids(table: TableFacts, column: ColumnFacts, look: Look) -> Iterator[Finding]:
    """Tell of ids that repeat where all but a few are unique: the rows of one id contradict each other, or are doubles."""
    filled = max(table.n_checked - column.n_missing, 1)
    repeats = column.keys.n_repeats
    if (
        look.kind in ("code", "number", "text")
        and is_id(column.name)
        and look.n_filled > 20
        and 0 < repeats < ODD_SHARE * filled
    ):
        severity: Severity = "stop" if column.field_of_ours.endswith("external_id") else "look"
        yield Finding(
            severity, table.name, column.name, f"{repeats:,} rows have an id that another row has", "All other "
            "ids are there once.",
            'Find out which row is right; duplicates = "last" takes the last one.',
        )  # fmt: skip


def _of_dates(table: TableFacts) -> Iterator[Finding]:
    """Tell of rows in which two dates stand in the wrong order: by their meaning, or against nearly all other rows."""
    dated = {name: days(c, table.sample[name]) for name, c in table.columns.items() if c.look and c.look.kind == "date"}
    for first, second in permutations(dated, 2):
        both = dated[first].notna() & dated[second].notna()
        if both.sum() < 20:
            continue
        wrong = float((dated[first] > dated[second])[both].mean())
        meant = _place(first) is not None and _place(second) is not None and _place(first) < _place(second)  # type: ignore[operator]
        if not wrong or (not meant and not (wrong < ODD_SHARE and (dated[first] < dated[second])[both].mean() > 0.5)):
            continue
        yield Finding(
            "look", table.name, second, f"{second} before {first}", f"{_percent(wrong)} of the sampled rows; in "
            f"all others it is not.",
            "Look at these rows: a swapped day and month, or a date of another loan.",
        )  # fmt: skip


def _place(name: str) -> int | None:
    scores = match_names(name)
    places = [n for n, concept in enumerate(DATE_ORDER) if scores.get(concept, 0) > 0.9]
    return places[0] if places else None


def _of_amounts(table: TableFacts) -> Iterator[Finding]:
    """Tell where more is overdue than owed."""
    best = {
        concept: max(
            (name for name, c in table.columns.items() if c.look and c.look.kind == "number"),
            key=lambda n: match_names(n).get(concept, 0),
            default=None,
        )
        for concept in ("balance", "amount_due")
    }
    balance, due = best["balance"], best["amount_due"]
    if (
        not balance
        or not due
        or balance == due
        or match_names(balance).get("balance", 0) < 0.6
        or match_names(due).get("amount_due", 0) < 0.6
    ):
        return
    owed, late = (
        pd.to_numeric(table.sample[name].str.replace(r"[^\d.\-]", "", regex=True), errors="coerce")
        for name in (balance, due)
    )
    share = float((late > owed + 0.005).mean())
    if share:
        yield Finding(
            "look", table.name, due, f"{due} is more than {balance}", f"{_percent(share)} of the sampled rows.",
            f"Ask whether {balance} leaves out fees and interest; it then is the principal alone.",
        )  # fmt: skip


def _of_links(tables: list[TableFacts]) -> Iterator[Finding]:
    """Tell of keys that have no counterpart in the table that they refer to."""
    keys = [
        (table, column) for table in tables for column in table.columns.values()
        if column.is_key and column.keys.n_distinct >= 3 and table.n_rows
    ]  # fmt: skip
    best: dict[tuple[str, str], tuple[float, TableFacts, ColumnFacts]] = {}
    for (one, known), (many, used) in ((a, b) for pair in combinations(keys, 2) for a, b in (pair, pair[::-1])):
        if (
            one is many
            or not known.look
            or known.keys.n_repeats > ODD_SHARE * one.n_checked
            or not _may_link(known, used)
        ):
            continue
        unknown = used.keys.share_unknown_to(known.keys)
        if unknown is not None and unknown < 1 - LINK_SHARE:
            held = best.get((many.name, used.name))
            if held is None or unknown < held[0]:
                best[many.name, used.name] = (unknown, one, known)
    for (name, column), (unknown, one, known) in best.items():
        if unknown:
            yield Finding(
                "look", name, column, f"{_percent(unknown)} of the keys are not in {one.name}", f"{column} "
                f"refers to {known.name} there.",
                "Rows that refer to a loan that is in no file are rejected; ask for the missing part.",
            )  # fmt: skip


def _may_link(known: ColumnFacts, used: ColumnFacts) -> bool:
    """Refuse small whole numbers by chance: their headers must share a word."""
    look = used.look
    if look is None or (look.kind == "number" and not look.is_whole):
        return False
    return (
        look.kind != "number" or (look.low or 0) >= 10_000 or bool(set(words_of(known.name)) & set(words_of(used.name)))
    )


def _percent(share: float) -> str:
    if 0 < share < 0.001:
        return "Under 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"
