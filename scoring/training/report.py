"""What a training found, for people and for scripts."""

from dataclasses import dataclass
from typing import Any

from scoring.ml.metrics import Figures
from scoring.ml.parity import Parity


@dataclass(frozen=True)
class CandidateReport:
    """One candidate; figures are on rows that neither fitting, tuning, calibration nor the threshold has seen."""

    name: str
    version: str
    auc: float
    auc_low: float
    auc_high: float
    gini: float
    ks: float
    brier: float
    ece: float
    threshold: float
    precision: float
    recall: float
    meets_kpi: bool
    onnx_max_abs_diff: float
    train_seconds: float

    def as_json(self) -> dict[str, Any]:
        return vars(self) | {"train_seconds": round(self.train_seconds, 3)}


def describe(
    name: str, figures: Figures, *, version: str, meets_kpi: bool, parity: Parity, train_seconds: float
) -> CandidateReport:
    """Return what is told of a candidate."""
    told = ("auc", "auc_low", "auc_high", "gini", "ks", "brier", "ece", "threshold", "precision", "recall")
    return CandidateReport(
        name=name,
        version=version,
        **{key: getattr(figures, key) for key in told},
        meets_kpi=meets_kpi,
        onnx_max_abs_diff=parity.max_abs_diff,
        train_seconds=train_seconds,
    )


@dataclass(frozen=True)
class TrainingReport:
    """One training of all candidates on the same rows; `champion` is the version recommended by validation on inner folds."""

    purpose: str
    n_rows: int
    bad_rate: float
    split: str
    leaks: list[dict[str, str]]
    candidates: list[CandidateReport]
    champion: str
    baseline_auc: float
    baseline_column: str
    warnings: list[str]
    seconds: float
    segment: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "purpose": self.purpose,
            "n_rows": self.n_rows,
            "bad_rate": self.bad_rate,
            "split": self.split,
            "leaks": self.leaks,
            "candidates": [candidate.as_json() for candidate in self.candidates],
            "champion": self.champion,
            "baseline_auc": self.baseline_auc,
            "warnings": self.warnings,
        }

    def summary(self) -> str:
        of = f" of the bucket {self.segment}" if self.segment else ""
        lines = [
            f"Trained {self.purpose}{of} on {self.n_rows:,} rows, {self.bad_rate:.1%} with the event, split {self.split}.",
            f"{'model':<34} {'AUC (95 %)':<22} {'KS':>5} {'Brier':>6} {'prec.':>6} {'recall':>6} {'parity':>8} {'s':>6}",
        ]
        lines += [
            f"{one.version or one.name + ' (not registered)':<34} "
            f"{f'{one.auc:.3f} ({one.auc_low:.3f}–{one.auc_high:.3f})':<22} {one.ks:>5.2f} {one.brier:>6.3f} "
            f"{one.precision:>6.2f} {one.recall:>6.2f} {one.onnx_max_abs_diff:>8.1e} {one.train_seconds:>6.1f}"
            for one in self.candidates
        ]
        lines.append(f"Without a model, {self.baseline_column} alone: AUC {self.baseline_auc:.3f}.")
        lines += [f"Possible leak: {leak['column']} ({leak['evidence']}; {leak['action']})." for leak in self.leaks]
        lines += [f"Note: {warning}" for warning in self.warnings]
        lines.append(f"Recommended by the inner folds: {self.champion}. ({self.seconds:.1f} s)")
        return "\n".join(lines)
