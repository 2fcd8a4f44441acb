"""What the values of a column are, whatever its header says: dates and their formats, amounts, ids, contact points, sentinels."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pandas as pd

from borrowers.importing.mapping import DEFAULT_MISSING
from borrowers.importing.suggesting.looks import Look
from borrowers.importing.suggesting.words import CURRENCIES, SIGNS

EXAMPLES = 4
EXAMPLES_OF_CHOICES = 24  # of columns with no more values than this all are kept: maps of values are written from them
PROBE = 200  # distinct cells that a form must fit before all are tried
MOST = 0.9  # of the filled cells must be of a kind; the rest are told as exceptions
# Tried in order; those with day and month the other way round stand together, so that the order can be told from the values.
DATE_FORMATS: tuple[tuple[str, str], ...] = (
    ("%d/%m/%Y", r"\d{1,2}/\d{1,2}/\d{4}"), ("%m/%d/%Y", r"\d{1,2}/\d{1,2}/\d{4}"),
    ("%d.%m.%Y", r"\d{1,2}\.\d{1,2}\.\d{4}"), ("%m.%d.%Y", r"\d{1,2}\.\d{1,2}\.\d{4}"),
    ("%d-%m-%Y", r"\d{1,2}-\d{1,2}-\d{4}"), ("%m-%d-%Y", r"\d{1,2}-\d{1,2}-\d{4}"),
    ("%d/%m/%y", r"\d{1,2}/\d{1,2}/\d{2}"), ("%m/%d/%y", r"\d{1,2}/\d{1,2}/\d{2}"),
    ("%d.%m.%y", r"\d{1,2}\.\d{1,2}\.\d{2}"), ("%d-%m-%y", r"\d{1,2}-\d{1,2}-\d{2}"), ("%m-%d-%y", r"\d{1,2}-\d{1,2}-\d{2}"),
    ("%Y/%m/%d", r"\d{4}/\d{1,2}/\d{1,2}"), ("%Y.%m.%d", r"\d{4}\.\d{1,2}\.\d{1,2}"), ("%Y%m%d", r"(?:19|20)\d{6}"),
    ("%d-%b-%Y", r"\d{1,2}-[A-Za-z]{3}-\d{4}"), ("%d-%b-%y", r"\d{1,2}-[A-Za-z]{3}-\d{2}"),
    ("%d %b %Y", r"\d{1,2} [A-Za-z]{3} \d{4}"),
    ("%d %B %Y", r"\d{1,2} [A-Za-z]{3,9} \d{4}"), ("%b %d, %Y", r"[A-Za-z]{3} \d{1,2}, \d{4}"),
    ("%B %d, %Y", r"[A-Za-z]{3,9} \d{1,2}, \d{4}"), ("%d%b%Y", r"\d{1,2}[A-Za-z]{3}\d{4}"),
    ("%d/%b/%Y", r"\d{1,2}/[A-Za-z]{3}/\d{4}"),
)  # fmt: skip
CLOCKS = (
    ("", ""), (" %H:%M:%S", r" \d{1,2}:\d{2}:\d{2}"), (" %H:%M", r" \d{1,2}:\d{2}"),
    (" %H:%M:%S.%f", r" \d{1,2}:\d{2}:\d{2}\.\d{1,6}"), (" %I:%M %p", r" \d{1,2}:\d{2} [AaPp][Mm]"),
    (" %I:%M:%S %p", r" \d{1,2}:\d{2}:\d{2} [AaPp][Mm]"),
)  # fmt: skip
ISO = r"\d{4}-\d{2}-\d{2}(?:[ T]\d{1,2}:\d{2}.*)?"
PLAIN = r"[+-]?\d+(?:\.\d+)?"
# Grouping signs and decimal signs: (thousands, decimal) -> how such numbers look
NUMBER_FORMS = (
    ("", ".", PLAIN), (",", ".", r"-?\d{1,3}(?:(?:,\d{2,3})*,\d{3})?(?:\.\d+)?"), ("", ",", r"-?\d+(?:,\d+)?"),
    (".", ",", r"-?\d{1,3}(?:\.\d{3})*(?:,\d+)?"), (" ", ",", r"-?\d{1,3}(?:[ \u00a0\u202f]\d{3})*(?:,\d+)?"),
    (" ", ".", r"-?\d{1,3}(?:[ \u00a0\u202f]\d{3})*(?:\.\d+)?"), ("'", ".", r"-?\d{1,3}(?:['’]\d{3})*(?:\.\d+)?"),
)  # fmt: skip
_MONEY_WORD = "|".join([*sorted(CURRENCIES), *(re.escape(sign) for sign in SIGNS), r"\$", "Rs\\.?"])
MONEY_TEXT = re.compile(rf"(?:(?:{_MONEY_WORD})\s*)?(-?[\d.,'’ \u00a0\u202f]*\d)\s*(?:{_MONEY_WORD})?")
NOTHING = frozenset(
    {
        *DEFAULT_MISSING,
        "-",
        "--",
        "---",
        ".",
        "?",
        "NIL",
        "nil",
        "Nil",
        "missing",
        "unknown",
        "Unknown",
        "UNKNOWN",
        "none",
    }
)
SENTINEL_NUMBERS = frozenset(
    {
        "-1",
        "-9",
        "-99",
        "-999",
        "-9999",
        "-99999",
        "999",
        "9999",
        "99999",
        "999999",
        "9999999",
        "99999999",
        "999999999",
        "-1.0",
    }
)
SENTINEL_DAYS = (
    "1900-01-01",
    "1899-12-30",
    "1899-12-31",
    "1970-01-01",
    "1753-01-01",
    "2099-12-31",
    "9999-12-31",
    "0001-01-01",
    "1901-01-01",
    "2999-12-31",
)
FLAGS = frozenset({"y", "n", "yes", "no", "true", "false", "t", "f"})


def look_at(text: pd.Series) -> Look:
    """Judge a column by its cells; linear in the sample."""
    cells = text.dropna().str.strip()
    cells = cells[cells != ""]
    nothings = tuple(sorted(set(cells.unique()) & NOTHING - set(DEFAULT_MISSING)))
    cells = cells[~cells.isin(NOTHING)]
    n_distinct = int(cells.nunique())
    shown = EXAMPLES_OF_CHOICES if n_distinct <= EXAMPLES_OF_CHOICES else EXAMPLES
    base = Look(
        kind="empty", n=len(text), n_filled=len(cells), n_distinct=n_distinct,
        examples=tuple(cells.drop_duplicates().head(shown)), nothings=nothings,
    )  # fmt: skip
    if not len(cells):
        return base
    for judge in (_as_contact, _as_date, _as_number, _as_word):
        if (look := judge(cells, base)) is not None:
            return look
    return replace(base, kind="text")


Judge = Callable[[pd.Series, Look], Look | None]


def _share(cells: pd.Series, pattern: str) -> pd.Series:
    return cells.str.fullmatch(pattern, na=False)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _may_fit(probe: list[str], pattern: str, least: float) -> bool:
    """Say whether at least a share of some cells fits: cheap, before all are tried."""
    allowed = (1 - least) * len(probe)
    match = _compiled(pattern).fullmatch
    failed = 0
    for cell in probe:
        failed += match(cell) is None
        if failed > allowed:
            return False
    return True


def _odd(base: Look, cells: pd.Series, fits: pd.Series) -> Look:
    odd = cells[~fits]
    return replace(base, n_odd=len(odd), odd=str(odd.iloc[0]) if len(odd) else "")


def _as_contact(cells: pd.Series, base: Look) -> Look | None:
    probe = cells.drop_duplicates().head(PROBE)
    if not probe.str.contains(r"@|\d{3}", regex=True).mean() > 0.5:
        return None
    email = _share(cells, r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
    if email.mean() >= 0.9:
        return replace(_odd(base, cells, email), kind="email")
    phone = _share(cells, r"(?:\+|00)?[\d(][\d\s().\-/]{6,18}\d") & cells.str.count(r"\d").between(8, 15)
    marked = (
        cells.str.contains(r"^\+|^0\d|^00|[()]|\d[ -]\d", regex=True)
        & ~_share(cells, ISO)
        & ~_share(cells, PLAIN + "|.*\\.\\d\\d?")
    )
    plus = _share(cells, r"\+\d{8,15}|0\d{9,10}")
    if phone.mean() >= MOST and ((marked.mean() > 0.8 and not _dated(cells)) or plus.mean() > 0.8):
        return replace(_odd(base, cells, phone), kind="phone")
    return None


def _dated(cells: pd.Series) -> bool:
    probe = cells.head(PROBE).tolist()
    return any(_may_fit(probe, pattern, 0.5) for _, pattern in DATE_FORMATS)


def _as_date(cells: pd.Series, base: Look) -> Look | None:
    probe = cells.drop_duplicates().head(PROBE).tolist()
    if not _may_fit(probe, r".*\d.*", MOST):
        return None
    iso = _share(cells, ISO)
    days = pd.to_datetime(cells.where(iso), format="ISO8601", errors="coerce", utc=True)
    if days.notna().mean() >= MOST:
        return _dates(base, cells, days, (), True, bool(cells.str.len().max() > 10 and not (days.dt.hour == 0).all()))
    found: list[tuple[str, pd.Series]] = []
    for clock, clock_pattern in CLOCKS:
        for form, pattern in DATE_FORMATS:
            if not _may_fit(probe, pattern + clock_pattern, 0.8):
                continue
            shaped = _share(cells, pattern + clock_pattern)
            if shaped.mean() < MOST:
                continue
            parsed = pd.to_datetime(cells.where(shaped), format=form + clock, errors="coerce", utc=True)
            known = parsed.where(parsed.dt.year.between(1900, 2199))
            if known.notna().mean() >= MOST:
                found.append((form + clock, known))
    if not found:
        return None
    # Of two orders that both fit, the one whose days do not run ahead of any month wins; equal ones are told as unknown.
    form, days = max(found, key=lambda item: item[1].notna().sum())
    same = [other for other, known in found if known.notna().sum() == days.notna().sum()]
    if form == "%Y%m%d" and not days.dt.year.between(1920, 2100).mean() >= MOST:
        return None
    order_is_known = len({other.replace("%d", "%m") for other in same}) == len(same)
    return _dates(base, cells, days, (same[0],), order_is_known, "%H" in form or "%I" in form)


def _dates(base: Look, cells: pd.Series, days: pd.Series, formats: tuple[str, ...], known: bool, clock: bool) -> Look:
    counts = days.dt.strftime("%Y-%m-%d").value_counts()
    marks = [day for day in SENTINEL_DAYS if day in counts.index]
    written = tuple(dict.fromkeys(cells[days.dt.strftime("%Y-%m-%d").isin(marks)]))[:5]
    odd_marks = tuple(dict.fromkeys(cells[days.isna() & cells.str.contains("0001|9999|0000|1899|1753", regex=True)]))[
        :5
    ]
    real = days[~days.dt.strftime("%Y-%m-%d").isin(marks)].dropna()
    return replace(
        _odd(base, cells, days.notna() | cells.isin(odd_marks)), kind="date", formats=formats,
        order_is_known=known, has_clock=clock,
        sentinels=written + odd_marks,
        low=real.min().timestamp() if len(real) else None, high=real.max().timestamp() if len(real) else None,
    )  # fmt: skip


def _as_number(cells: pd.Series, base: Look) -> Look | None:
    percent = cells.str.endswith("%")
    stripped = cells.str.rstrip("%").str.strip() if percent.mean() > 0.5 else cells
    sign = ""
    if _share(stripped, PLAIN).mean() < MOST:
        matched = stripped.str.extract(MONEY_TEXT.pattern.join(("^", "$")), expand=False)
        bare = matched if isinstance(matched, pd.Series) else matched[0]
        signed = bare.notna() & (bare.str.strip() != stripped)
        if bare.notna().mean() >= MOST and signed.mean() > 0.5:
            sign = _sign_of(str(stripped[signed].iloc[0]))
            stripped = bare.str.strip()
    stripped_probe = stripped.drop_duplicates().head(PROBE).tolist()
    if not _may_fit(stripped_probe, r".*\d.*", 0.8):
        return None
    for thousands, decimal, pattern in NUMBER_FORMS:
        if not _may_fit(stripped_probe, pattern, 0.8):
            continue
        fits = _share(stripped, pattern)
        if fits.mean() < MOST:
            continue
        plain = stripped.where(fits)
        if thousands:
            plain = plain.str.replace(
                {" ": "[ \u00a0\u202f]", "'": "['’]", ".": "[.]"}.get(thousands, thousands), "", regex=True
            )
        values = pd.to_numeric(plain.str.replace(",", ".", regex=False), errors="coerce")
        if not sign and percent.mean() <= 0.5 and _share(stripped, r"0\d{3,}").mean() > 0.02:
            return replace(base, kind="code")  # leading zeros are no number
        parts = plain.str.extract(r"[.,](\d+)$", expand=False).dropna().str.rstrip("0")
        places = int(parts.str.len().max()) if len(parts) else 0
        marks = _sentinels(stripped, values)
        real = values[~stripped.isin(marks)].dropna()
        return replace(
            _odd(base, cells, fits), kind="percent" if percent.mean() > 0.5 else "number", thousands=thousands, decimal=decimal,
            sign=sign, is_whole=bool((real % 1 == 0).all()), places=places, sentinels=marks,
            low=float(real.min()) if len(real) else None, high=float(real.max()) if len(real) else None,
            middle=float(real.median()) if len(real) else None,
        )  # fmt: skip
    return None


def _sign_of(cell: str) -> str:
    for sign, code in SIGNS.items():
        if sign in cell:
            return code
    return next((word for word in re.findall("[A-Z]{3}", cell) if word in CURRENCIES), "USD" if "$" in cell else "")


def _sentinels(cells: pd.Series, values: pd.Series) -> tuple[str, ...]:
    """Return numbers that stand for "no value": known marks far from all other values, or negative where nothing else is."""
    marks = [cell for cell in cells.unique() if cell in SENTINEL_NUMBERS]
    rest = values[~cells.isin(marks)].dropna()
    if not marks or rest.nunique() < 3:
        return ()
    found = []
    for mark in marks:
        number = float(mark)
        ordinary = max(abs(float(rest.quantile(0.99))), 10.0)
        is_far_off = number > 5 * ordinary and (cells == mark).sum() >= 2
        if (number < 0 and rest.min() >= 0) or is_far_off:
            found.append(mark)
    return tuple(found)


def _as_word(cells: pd.Series, base: Look) -> Look | None:
    if cells.isin(CURRENCIES).mean() >= MOST:
        return replace(base, kind="currency")
    if set(cells.str.lower().unique()) <= FLAGS:
        return replace(base, kind="flag")
    coded = _share(cells, r"[A-Za-z0-9][A-Za-z0-9_\-/.]{2,63}") & cells.str.contains(r"\d", regex=True)
    if coded.mean() >= MOST and base.n_distinct > max(20, 0.02 * base.n_filled):
        return replace(base, kind="code")
    return None
