"""Charts as inline SVG: a histogram, days on a line of time, bars of words. Pure functions of numbers; all text is escaped."""

from collections.abc import Sequence
from html import escape

import numpy as np
import pandas as pd

WIDTH, HEIGHT, FOOT = 340, 96, 18
BINS = 24


def draw_histogram(values: np.ndarray, *, low: float, high: float) -> str:
    """Draw how often values occur; what lies outside [low, high] is gathered at the edge in the colour of outliers."""
    inside = values[(values >= low) & (values <= high)]
    if not len(inside):
        return ""
    start, end = float(inside.min()), float(inside.max())
    is_log = start > 0 and float(np.median(inside)) * 5 < end and end / start > 50
    edges = (
        np.geomspace(start, end, BINS + 1)
        if is_log
        else np.linspace(start, end if end > start else start + 1, BINS + 1)
    )
    counts, _ = np.histogram(inside, edges)
    n_low, n_high = int((values < low).sum()), int((values > high).sum())
    bars = [(n_low, True)] * bool(n_low) + [(int(n), False) for n in counts] + [(n_high, True)] * bool(n_high)
    left = _short(float(values.min())) if n_low else _short(start)
    right = _short(float(values.max())) if n_high else _short(end)
    said = f"Half of the values lie between {_short(float(np.quantile(values, 0.25)))} and "
    f"{_short(float(np.quantile(values, 0.75)))}"
    return _columns(bars, left, right, said + (", wider steps to the right" if is_log else ""))


def draw_days(days: pd.Series) -> str:
    """Draw how many rows fall on each stretch of time."""
    stamps = days.dropna().astype("int64").to_numpy()
    if not len(stamps):
        return ""
    first, last = days.min(), days.max()
    counts, _ = np.histogram(stamps, BINS) if last > first else (np.array([len(stamps)]), None)
    return _columns([(int(n), False) for n in counts], _day(first), _day(last), f"From {_day(first)} to {_day(last)}")


def draw_words(counts: Sequence[tuple[str, int]], total: int, n_others: int) -> str:
    """Draw the most frequent values as bars with their shares; the rest is one bar."""
    rows = [(word, n, False) for word, n in counts]
    if n_others:
        rows.append((f"{n_others:,} other values", total - sum(n for _, n, _ in rows), True))
    most = max((n for _, n, _ in rows), default=0) or 1
    step = 22
    parts = []
    for place, (word, n, is_rest) in enumerate(rows):
        y = place * step
        wide = max(2.0, 150 * n / most)
        shown = word if len(word) <= 22 else word[:21] + "…"
        parts.append(
            f'<text x="0" y="{y + 14}"{" class=soft" if is_rest else ""}>{escape(_clean(shown))}</text>'
            f'<rect class="{"rest" if is_rest else "bar"}" x="150" y="{y + 3}" width="{wide:.0f}" height="14" rx="2"/>'
            f'<text class="soft" x="{150 + wide + 6:.0f}" y="{y + 14}">{_share(n / max(total, 1))}</text>'
        )
    said = ", ".join(f"{_clean(word)} {_share(n / max(total, 1))}" for word, n, _ in rows[:4])
    return _svg("".join(parts), WIDTH + 10, max(len(rows), 1) * step, said)


def _columns(bars: Sequence[tuple[int, bool]], left: str, right: str, said: str) -> str:
    most = max((n for n, _ in bars), default=0) or 1
    wide = WIDTH / len(bars)
    parts = [
        f'<rect class="{"far" if is_far else "bar"}" x="{place * wide + 0.5:.1f}" y="{HEIGHT - high:.1f}" '
        f'width="{max(wide - 1, 1):.1f}" height="{high:.1f}"/>'
        for place, (n, is_far) in enumerate(bars)
        if (high := max(2.5, (HEIGHT - 4) * n / most) if n else 0)
    ]
    parts.append(f'<line x1="0" y1="{HEIGHT}" x2="{WIDTH}" y2="{HEIGHT}"/>')
    parts.append(f'<text class="soft" x="0" y="{HEIGHT + 14}">{escape(left)}</text>')
    parts.append(f'<text class="soft" x="{WIDTH}" y="{HEIGHT + 14}" text-anchor="end">{escape(right)}</text>')
    return _svg("".join(parts), WIDTH, HEIGHT + FOOT, said)


def _svg(inside: str, width: int, height: int, said: str) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(said)}">{inside}</svg>'


def _short(value: float) -> str:
    for size, word in ((1e9, " bn"), (1e6, " m"), (1e4, " k")):
        if abs(value) >= size:
            return f"{value / (1e3 if size == 1e4 else size):,.3g}{word}"
    return f"{value:,.4g}"


def _day(day: pd.Timestamp) -> str:
    return f"{day.day} {day:%b %Y}"


def _share(share: float) -> str:
    return "under 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"


def _clean(text: str) -> str:
    """Return text without characters that an HTML page may not hold or that turn text around."""
    return "".join(c if c.isprintable() else "�" for c in text)
