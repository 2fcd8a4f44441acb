"""The guard for labelled tables: each column by name, value, format and place; nothing is known of any data set."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring.ml.leaks.leak import ASKED, DROPPED, REPORTED, Leak
from scoring.ml.leaks.names import proves, suggests
from scoring.ml.metrics import auc
from scoring.ml.specification.applying import Typed
from scoring.ml.specification.schema import Specification

NEAR_PERFECT = 0.97
SUSPICIOUS = 0.9
IMPROBABLE = 1e-9  # that chance alone gave a value one class
FEW_VALUES = 20
COMMON_SHARE = 0.01
FORMAT_GAP = 0.25
FORMAT_GAP_WITHIN = 0.2
FORMAT_ROWS = 100
MISSING_GAP = 0.1
MISSING_ROWS = 50
ORDER_AUC = 0.6
ROWS_LIMIT = 200_000  # more are sampled: a leak shows in far fewer
FOLDS = 5
SENTINEL_TEXT = frozenset(
    {"9999", "99999", "999999", "-1", "-9", "-99", "-999", "-9999", "0", "1900-01-01", "1970-01-01", "9999-12-31"}
)


def find_table_leaks(
    specification: Specification, columns: Sequence[Typed], y: NDArray[np.int8], *, seed: int = 0
) -> list[Leak]:
    """Return what looks like a leak, column by column, the gravest finding of each first; y: (n,) 1 is bad. Linear in the cells.

    What timing or a name proves is dropped. What values suggest is asked about. What only has to be known is reported.
    """
    random = np.random.default_rng(seed)
    if len(y) > ROWS_LIMIT:
        rows = np.sort(random.choice(len(y), ROWS_LIMIT, replace=False))
        columns = [
            Typed(c.name, c.text.iloc[rows], None if c.numbers is None else c.numbers[rows], c.codes[rows])
            for c in columns
        ]
        y = y[rows]
    names = [column.name for column in columns]
    left_out = {column.name for column in specification.columns if column.kind == "left_out"}
    found: list[Leak] = []
    for column in columns:
        if column.name in left_out:
            found += _in_identifier(column, y, random)
            continue
        found += _in_column(column, names, y, random)
    return found


def _in_column(column: Typed, names: list[str], y: NDArray[np.int8], random: np.random.Generator) -> Iterator[Leak]:
    """Yield findings, the gravest first."""
    name = column.name
    if why := proves(name, names):
        yield Leak(name, "post_outcome_name", why, DROPPED)
    alone = rank_held_out(column, y, random)
    if alone >= NEAR_PERFECT:
        yield Leak(name, "near_perfect_predictor", f"AUC {alone:.3f} by this column alone, on held-out rows", ASKED)
    if (why := suggests(name)) and alone >= SUSPICIOUS:
        yield Leak(name, "post_outcome_name", f"{why}; AUC {alone:.3f} by this column alone", ASKED)
    if (told := _value_of_one_class(column, y)) is not None:
        yield told
    if (told := _format_by_class(column, y)) is not None:
        yield told
    if (told := _predictive_missingness(column, y)) is not None:
        yield told


def rank_held_out(column: Typed, y: NDArray[np.int8], random: np.random.Generator) -> float:
    """Return the AUC of the column alone: each fold's rows are ranked by bad rates learned on the others, in bins or levels."""
    if column.numbers is not None:
        values = column.numbers
        present = values[np.isfinite(values)]
        edges = np.unique(np.quantile(present, np.linspace(0, 1, 51))) if len(present) else np.empty(0)
        bins = np.where(np.isfinite(values), np.searchsorted(edges, values, side="left") + 1, 0)
    else:
        bins = column.codes + 1
    fold = random.integers(FOLDS, size=len(y))
    score = np.empty(len(y))
    prior = y.mean()
    for k in range(FOLDS):
        fit, held_out = fold != k, fold == k
        n = np.bincount(bins[fit], minlength=bins.max() + 1)
        bad = np.bincount(bins[fit], weights=y[fit], minlength=bins.max() + 1)
        score[held_out] = ((bad + 5 * prior) / (n + 5))[bins[held_out]]
    return auc(y, score)


def _value_of_one_class(column: Typed, y: NDArray[np.int8]) -> Leak | None:
    """Find a code that only one class has: a sentinel, one of few values, or being filled or empty at all."""
    missing = column.is_missing
    for rows, what in ((missing, "being empty"), (~missing, "being filled")):
        if 0 < rows.sum() < len(y) and (side := _one_class(rows, y)):
            return Leak(column.name, "filled_by_class", f"{what} ({rows.sum():,} rows): {side}", ASKED)
    values, counts = np.unique(column.codes[~missing], return_counts=True)
    is_few = len(values) <= FEW_VALUES
    for value, count in sorted(zip(values, counts, strict=True), key=lambda pair: -pair[1])[:FEW_VALUES]:
        rows = column.codes == value
        text = str(column.text[rows].iloc[0])
        is_code = text.strip() in SENTINEL_TEXT or _stands_alone(column, rows)
        if (
            (is_code or (is_few and count >= COMMON_SHARE * len(y)))
            and count < len(y) - missing.sum()
            and (side := _one_class(rows, y))
        ):
            kind = "sentinel_of_one_class" if is_code else "value_of_one_class"
            return Leak(column.name, kind, f"{text[:40]!r} ({count:,} rows): {side}", ASKED)
    return None


def _one_class(rows: NDArray[np.bool_], y: NDArray[np.int8]) -> str:
    """Say which class alone these rows have, where chance would hardly do that; "" if both or too few."""
    n, bad, rate = int(rows.sum()), int(y[rows].sum()), float(y.mean())
    if bad == 0 and (1 - rate) ** n < IMPROBABLE:
        return f"none is bad, of all rows {rate:.1%} are"
    if bad == n and rate**n < IMPROBABLE:
        return f"all are bad, of all rows {rate:.1%} are"
    return ""


def _stands_alone(column: Typed, rows: NDArray[np.bool_]) -> bool:
    if column.numbers is None:
        return False
    value = column.numbers[rows][0]
    others = column.numbers[~rows & np.isfinite(column.numbers)]
    if not len(others) or not np.isfinite(value):
        return False
    spread = np.ptp(others)
    return bool(spread > 0 and (value > others.max() + 3 * spread or value < others.min() - 3 * spread))


def _format_by_class(column: Typed, y: NDArray[np.int8]) -> Leak | None:
    """Find a way of writing that differs by class whatever the value is: decimals, round numbers, multiples of 12, letters."""
    for what, flag, usable in _formats(column):
        rows = usable & ~column.is_missing
        if rows.sum() < FORMAT_ROWS or y[rows].sum() < FORMAT_ROWS // 4 or (1 - y[rows]).sum() < FORMAT_ROWS // 4:
            continue
        gap = flag[rows & (y == 1)].mean() - flag[rows & (y == 0)].mean()
        if abs(gap) < FORMAT_GAP or abs(_gap_within(column, flag, rows, y)) < FORMAT_GAP_WITHIN:
            continue
        shares = " and ".join(
            f"{flag[rows & (y == k)].mean():.0%} of {side} rows" for k, side in ((1, "bad"), (0, "good"))
        )
        return Leak(column.name, "format_by_class", f"{what} in {shares}", ASKED)
    return None


def _formats(column: Typed) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.bool_]]]:
    text = column.text.fillna("").astype("str")
    if column.numbers is not None:
        values = np.nan_to_num(column.numbers)
        usable = np.isfinite(column.numbers)
        places = text.str.extract(r"[.,](\d+)\D*$", expand=False).fillna("").str.len().to_numpy()
        yield "digits after the point", places > 0, usable
        yield "more than two digits after the point", places > 2, usable
        for step in (12, 10, 100, 1_000):
            yield f"multiples of {step}", np.isclose(np.mod(values, step), 0), usable & (np.abs(values) >= step)
        yield "leading zeros", text.str.match(r"0\d").to_numpy(dtype=bool), usable
        return
    everything = np.ones(len(text), dtype=bool)
    yield "capital letters", text.str.isupper().to_numpy(dtype=bool), everything
    yield "space around or inside", text.str.contains(" ", regex=False).to_numpy(dtype=bool), everything
    yield "digits", text.str.contains(r"\d", regex=True).to_numpy(dtype=bool), everything


def _gap_within(column: Typed, flag: NDArray[np.bool_], rows: NDArray[np.bool_], y: NDArray[np.int8]) -> float:
    """Return the gap between the classes inside equal values, weighted by rows: what the value itself explains is out.

    Equal are numbers of one tenth, and words of few that differ in case and spaces alone: of a category such as C, X, 0, 1 the
    letters are the value. Of many words each stands for itself.
    """
    if column.numbers is not None:
        equal = pd.qcut(column.numbers[rows], 10, labels=False, duplicates="drop")
    else:
        words = column.text[rows].fillna("").astype("str").str.casefold().str.split().str.join("")
        equal, distinct = pd.factorize(words)
        if len(distinct) > FEW_VALUES:
            return float(flag[rows & (y == 1)].mean() - flag[rows & (y == 0)].mean())
    gaps, weights = [], []
    for k in np.unique(equal[~pd.isna(equal)]):
        inside = equal == k
        label, written = y[rows][inside], flag[rows][inside]
        if label.any() and not label.all():
            gaps.append(written[label == 1].mean() - written[label == 0].mean())
            weights.append(min(label.sum(), len(label) - label.sum()))
    return float(np.average(gaps, weights=weights)) if gaps else 0.0


def _predictive_missingness(column: Typed, y: NDArray[np.int8]) -> Leak | None:
    missing = column.is_missing
    if min(missing.sum(), (~missing).sum()) < MISSING_ROWS:
        return None
    empty, filled = float(y[missing].mean()), float(y[~missing].mean())
    if abs(empty - filled) < MISSING_GAP:
        return None
    evidence = f"{empty:.1%} bad where it is empty ({missing.sum():,} rows), {filled:.1%} where it is filled"
    return Leak(column.name, "predictive_missingness", evidence, f"{REPORTED}, kept")


def _in_identifier(column: Typed, y: NDArray[np.int8], random: np.random.Generator) -> Iterator[Leak]:
    """Find the target in identifiers: in their order, their beginning, their end. They are no features in any case."""
    text = column.text.fillna("").astype("str")
    if text.nunique() < 0.5 * len(text):
        return
    numbers = pd.to_numeric(text.str.extract(r"(\d+)\D*$", expand=False), errors="coerce").to_numpy(dtype=np.float64)
    if np.isfinite(numbers).mean() > 0.9:
        value = auc(y, np.nan_to_num(numbers, nan=-1.0))
        if max(value, 1 - value) >= ORDER_AUC:
            evidence = f"the numbers rank the classes with AUC {max(value, 1 - value):.3f}"
            yield Leak(column.name, "target_in_identifier", evidence, f"{DROPPED}: an identifier")
    for what, part in (("beginning", text.str[:2]), ("end", text.str[-1:])):
        codes, distinct = pd.factorize(part)
        if 1 < len(distinct) <= 200:
            value = rank_held_out(Typed(column.name, text, None, codes.astype(np.int64)), y, random)
            if value >= ORDER_AUC:
                yield Leak(
                    column.name,
                    "target_in_identifier",
                    f"its {what} alone has AUC {value:.3f}",
                    f"{DROPPED}: an identifier",
                )
