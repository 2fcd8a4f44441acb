"""Which rows a model is fitted on and which it is judged on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TEST_SHARE = 0.4  # of borrowers: what the figures rest on is scarcer than what the fit rests on
MIN_EVENTS = 10  # of each class on each side, below which neither a fit nor a figure means anything


@dataclass(frozen=True)
class Split:
    """Row numbers of the two sides and the split in words; a group (a borrower) is on one side only."""

    train: NDArray[np.intp]
    test: NDArray[np.intp]
    words: str
    warnings: tuple[str, ...] = ()


def split_by_time(
    days: NDArray[np.datetime64],
    groups: NDArray[np.int64],
    y: NDArray[np.int8],
    *,
    horizon_days: int,
    seed: int = 0,
    test_share: float = TEST_SHARE,
) -> Split:
    """Test on the last day, train on days whose label windows end before it, with each group on one side.

    days, groups, y: (n,). A random `test_share` of the groups is the test side; the other rows of these groups are not used
    at all. Dropping every group of the last day from training instead would leave only loans that were over by then, so
    neither side would look like the portfolio. Where the history is too short for an embargo of one horizon, the sides are
    told apart by group alone, and the split says so.
    """
    days = days.astype("datetime64[D]")
    last = days.max()
    on_test_side = _draw_groups(groups, y, share=test_share, seed=seed)
    test = on_test_side & (days == last)
    train = ~on_test_side & (days + np.timedelta64(horizon_days, "D") < last)
    if _has_both_classes(y, train) and _has_both_classes(y, test):
        words = (
            f"by time: tested on {last} ({test.sum():,} rows), trained on {_span(days[train])} ({train.sum():,} rows), "
            f"embargo of {horizon_days} days between; borrowers on one side only"
        )
        return Split(np.flatnonzero(train), np.flatnonzero(test), words)
    train = ~on_test_side
    if not _has_both_classes(y, test):
        test = on_test_side
    words = (
        f"by borrower: tested on {_span(days[test])} ({test.sum():,} rows), trained on {_span(days[train])} "
        f"({train.sum():,} rows); no embargo"
    )
    warning = (
        f"The history is too short to test on a later time with an embargo of {horizon_days} days: the split is by borrower "
        "alone, so the figures do not show how the model holds over time."
    )
    return Split(np.flatnonzero(train), np.flatnonzero(test), words, (warning,))


def split_within_window(
    instants: NDArray[np.datetime64], groups: NDArray[np.int64], *, test_share: float = 0.3
) -> Split:
    """Test on the last share of one window of cases by their instant; earlier rows of the test groups are dropped.

    instants, groups: (n,). Rows of one instant are never divided. The window is shorter than what the labels need to
    mature, so an embargo would leave nothing to train on; the split says that there is none.
    """
    order = np.sort(instants)
    edge = order[min(int(np.ceil(len(order) * (1 - test_share))), len(order) - 1)]
    test = instants >= edge
    train = ~test & ~np.isin(groups, groups[test])
    dropped = int((~test).sum() - train.sum())
    words = (
        f"by time inside the window: tested from {_minute(edge)} on ({test.sum():,} rows), trained on {train.sum():,} rows "
        f"before it; borrowers on one side only ({dropped:,} earlier rows of test borrowers left out); no embargo"
    )
    return Split(np.flatnonzero(train), np.flatnonzero(test), words)


def inner_folds(
    groups: NDArray[np.int64], y: NDArray[np.int8], *, n_folds: int, seed: int = 0
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return (fit rows, held-out rows) for each fold; whole groups, bad ones spread evenly over the folds."""
    fold = np.empty(len(y), dtype=np.int64)
    for rows, position in _group_positions(groups, y, seed=seed):
        fold[rows] = position % n_folds
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(n_folds)]


def _draw_groups(groups: NDArray[np.int64], y: NDArray[np.int8], *, share: float, seed: int) -> NDArray[np.bool_]:
    """Mark the rows of a random share of the groups, drawn apart among groups with and without a bad row."""
    drawn = np.zeros(len(y), dtype=bool)
    for rows, position in _group_positions(groups, y, seed=seed):
        drawn[rows] = position < round(share * (position.max(initial=-1) + 1))
    return drawn


def _group_positions(
    groups: NDArray[np.int64], y: NDArray[np.int8], *, seed: int
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.int64]]]:
    """Yield for groups without and with a bad row: their rows, and for each row the place of its group in a random order."""
    random = np.random.default_rng(seed)
    _, index = np.unique(groups, return_inverse=True)
    has_bad = np.bincount(index, weights=y) > 0
    for stratum in (has_bad, ~has_bad):
        members = np.flatnonzero(stratum)
        place = np.zeros(len(stratum), dtype=np.int64)
        place[members] = random.permutation(len(members))
        rows = stratum[index]
        yield rows, place[index[rows]]


def _has_both_classes(y: NDArray[np.int8], rows: NDArray[np.bool_]) -> bool:
    bad = int(y[rows].sum())
    return min(bad, int(rows.sum()) - bad) >= MIN_EVENTS


def _span(days: NDArray[np.datetime64]) -> str:
    distinct = np.unique(days)
    return str(distinct[0]) if len(distinct) == 1 else f"{len(distinct)} days from {distinct[0]} to {distinct[-1]}"


def _minute(instant: np.datetime64) -> str:
    return str(instant.astype("datetime64[m]")).replace("T", " ")
