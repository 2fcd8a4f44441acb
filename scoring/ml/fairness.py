"""How evenly a rule treats groups: selection rates and true positive rates, with what is too small to say left unsaid."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_ROWS = 100  # of a group, below which its selection rate says nothing
LEAST_BAD = 10  # of a group, below which its true positive rate says nothing
MOST_GROUPS = 12
FOUR_FIFTHS = 0.8
OTHERS = "all other groups"
UNKNOWN = "not known"


@dataclass(frozen=True)
class Group:
    """One group: how many rows it has, and what share was selected, of all and of its bad ones (None: too few)."""

    name: str
    n_rows: int
    n_bad: int
    mean_pd: float
    selection_rate: float | None
    tpr: float | None
    contact_rate: float | None
    contact_tpr: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Fairness:
    """All groups, with the ratio of the lowest to the highest selection rate and the gap of true positive rates."""

    groups: tuple[Group, ...]
    selection_ratio: float | None
    tpr_gap: float | None
    contact_ratio: float | None
    contact_tpr_gap: float | None


def measure_groups(
    groups: NDArray[np.str_],
    y: NDArray[np.int8],
    p: NDArray[np.float64],
    *,
    threshold: float,
    contacted: NDArray[np.bool_],
) -> Fairness:
    """Compare groups (n,) of rows with labels y, probabilities p and whether the lender contacted them afterwards.

    Selected is p >= threshold. Beyond MOST_GROUPS the smaller groups count as one; rows of no known group are shown and
    not compared.
    """
    names, counts = np.unique(groups, return_counts=True)
    known = [str(name) for name in names[np.argsort(-counts, kind="stable")] if name != UNKNOWN]
    kept, rest = known[:MOST_GROUPS], known[MOST_GROUPS:]
    found = [_measure(name, groups == name, y, p, threshold, contacted) for name in sorted(kept)]
    if rest:
        found.append(_measure(OTHERS, np.isin(groups, rest), y, p, threshold, contacted))
    compared = list(found)
    if (groups == UNKNOWN).any():
        found.append(_measure(UNKNOWN, groups == UNKNOWN, y, p, threshold, contacted))
    return Fairness(
        groups=tuple(found),
        selection_ratio=_ratio([one.selection_rate for one in compared]),
        tpr_gap=_gap([one.tpr for one in compared]),
        contact_ratio=_ratio([one.contact_rate for one in compared]),
        contact_tpr_gap=_gap([one.contact_tpr for one in compared]),
    )


def _measure(
    name: str,
    rows: NDArray[np.bool_],
    y: NDArray[np.int8],
    p: NDArray[np.float64],
    threshold: float,
    contacted: NDArray[np.bool_],
) -> Group:
    n, bad = int(rows.sum()), int(y[rows].sum())
    selected, is_bad = p >= threshold, rows & (y == 1)
    has_rows, has_bad = n >= LEAST_ROWS, bad >= LEAST_BAD
    return Group(
        name=name,
        n_rows=n,
        n_bad=bad,
        mean_pd=float(p[rows].mean()),
        selection_rate=float(selected[rows].mean()) if has_rows else None,
        tpr=float(selected[is_bad].mean()) if has_bad else None,
        contact_rate=float(contacted[rows].mean()) if has_rows else None,
        contact_tpr=float(contacted[is_bad].mean()) if has_bad else None,
    )


def _ratio(rates: list[float | None]) -> float | None:
    said = [rate for rate in rates if rate is not None]
    return min(said) / max(said) if len(said) > 1 and max(said) > 0 else None


def _gap(rates: list[float | None]) -> float | None:
    said = [rate for rate in rates if rate is not None]
    return max(said) - min(said) if len(said) > 1 else None
