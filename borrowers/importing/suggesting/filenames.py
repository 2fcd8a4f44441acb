"""What the names of files tell: the day of their rows, and which of them belong together."""

import re
from calendar import monthrange
from datetime import date

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def day_of_name(name: str) -> date | None:
    """Return the day that a file's name tells: 2026-06-30, 20260630, 30.06.2026; of a month alone its last day."""
    for pattern, order in (
        (r"(?<!\d)(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)(?!\d)", "ymd"),
        (r"(?<!\d)([0-3]?\d)[-_.]([01]?\d)[-_.](20\d\d)(?!\d)", "dmy"),
        (r"(?<!\d)(20\d\d)[-_.]?([01]\d)(?!\d)", "ym"),
    ):  # fmt: skip
        if match := re.search(pattern, name):
            parts = dict(zip(order, map(int, match.groups()), strict=True))
            return _day_or_month_end(parts["y"], parts["m"], parts.get("d"))
    if match := re.search(r"(?i)(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-_. ]?(20\d\d)", name):
        return _day_or_month_end(int(match[2]), MONTHS.index(match[1].lower()) + 1, None)
    return None


def _day_or_month_end(year: int, month: int, day: int | None) -> date | None:
    try:
        return date(year, month, day or monthrange(year, month)[1])
    except (ValueError, IndexError):
        return None


def pattern_of(name: str) -> str:
    """Return a file's name with its numbers as wildcards: "loans_2026-06.csv" is "loans_*.csv"."""
    return re.sub(r"\*[-_.]?\*", "*", re.sub(r"\d[\d\-_.]*\d|\d+", "*", name)) if re.search(r"\d", name) else name
