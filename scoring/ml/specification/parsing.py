"""Cells of text as numbers and days: currencies, per cent, "10+ years", decimal commas, "1yrs 11mon"."""

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NOTHING = frozenset(
    {
        "", "na", "n/a", "#n/a", "nan", "null", "none", "?", "-", "--", ".", "unknown", "missing", "xna", "nil", "<na>", "nat",
        "not available",
    }
)  # fmt: skip
NUMBER = re.compile(
    r"""\s*(?P<less><=?)?\s*(?P<minus>[-(])?\s*(?:[$€£₦₹¥]|[A-Z]{3}\b|Rs\.?|USD)?\s*(?P<sign>-)?
        (?P<digits>\d[\d.,'\u00a0\u202f ]*|\.\d+)(?P<power>[eE][-+]?\d+)?\s*\)?\s*(?P<more>\+)?\s*
        (?P<unit>%|[$€£₦₹¥]|[A-Z]{3}|[A-Za-z]{1,8}\.?)?\s*""",
    re.VERBOSE,
)
YEARS_AND_MONTHS = re.compile(r"\s*(\d+)\s*y\w*\.?\s*(\d+)\s*m\w*\.?\s*", re.IGNORECASE)
DATE_FORMATS = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%d-%b-%Y",
    "%d-%b-%y", "%b-%Y", "%b-%y", "%Y-%m", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%Y%m%d",
)  # fmt: skip
DATE_LIKE = re.compile(r"(?=.*[-/.])|(?:19|20)\d{6}")
DAYS_FROM = np.datetime64("1970-01-01")


def strip_nothing(text: pd.Series) -> pd.Series:
    """Return the cells without space around, and missing where they say nothing."""
    stripped = text.astype("str").str.strip()
    return stripped.where(text.notna() & ~stripped.str.lower().isin(NOTHING))


def find_decimal(cells: pd.Series) -> str:
    """Return the decimal sign of numbers written in these cells: a comma where groups or places show it, else a point."""
    with_comma = cells[cells.str.contains(",", regex=False)]
    if not len(with_comma):
        return "."
    grouped = with_comma.str.contains(r"\d\.\d{3}(?:\D|$)", regex=True) & with_comma.str.contains(
        r",\d+\D*$", regex=True
    )
    places = with_comma.str.fullmatch(r"\D*\d+,(?:\d{1,2}|\d{4,})\D*")
    return "," if (grouped | places).mean() > 0.5 else "."


def read_numbers(cells: pd.Series, *, decimal: str = ".") -> NDArray[np.float64]:
    """Return the numbers (n,) that the cells hold, NaN where a cell is missing or holds none. Distinct cells are read once."""
    codes, distinct = pd.factorize(cells)
    values = np.array([_number(cell, decimal) for cell in distinct] + [np.nan], dtype=np.float64)
    return values[codes]


def _number(cell: Any, decimal: str) -> float:
    text = str(cell)
    if both := YEARS_AND_MONTHS.fullmatch(text):
        return 12.0 * int(both[1]) + int(both[2])
    match = NUMBER.fullmatch(text)
    if match is None:
        return np.nan
    digits = match["digits"].rstrip(" .,'\u00a0\u202f") if match["digits"][-1] in " ,'\u00a0\u202f" else match["digits"]
    for sign in " '\u00a0\u202f" + ("," if decimal == "." else "."):
        digits = digits.replace(sign, "")
    digits = digits.replace(",", ".")
    try:
        value = float(digits + (match["power"] or ""))
    except ValueError:
        return np.nan
    if match["less"]:
        value /= 2
    return -value if match["minus"] or match["sign"] else value


def find_date_format(cells: pd.Series) -> str | None:
    """Return the format that nearly all cells are dates in, the first of those that fit best; None where they are no dates."""
    sample = cells.drop_duplicates().head(2_000)
    if not len(sample) or sample.str.match(DATE_LIKE).mean() < 0.95:
        return None
    fits = {form: pd.to_datetime(sample, format=form, errors="coerce").notna().mean() for form in DATE_FORMATS}
    best = max(fits, key=lambda form: fits[form])
    return best if fits[best] >= 0.97 else None


def read_days(cells: pd.Series, *, form: str) -> NDArray[np.float64]:
    """Return days since 1970-01-01 (n,), NaN where a cell is no date of this format."""
    found = pd.to_datetime(cells, format=form, errors="coerce")
    days = (found.to_numpy().astype("datetime64[D]") - DAYS_FROM).astype(np.float64)
    return np.where(found.isna(), np.nan, days)
