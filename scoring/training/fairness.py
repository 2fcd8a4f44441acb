"""Measure how a model treats the groups of what is monitored, on rows that it has not learned from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from borrowers.models import Borrower, ContactEvent, Loan
from creditpath.jobs import job
from creditpath.jobs.services import progress as tell_job
from scoring.errors import ComparisonRefused
from scoring.features.services import build_matrix
from scoring.ml.fairness import FOUR_FIFTHS, UNKNOWN, measure_groups
from scoring.models import FairnessReading, ModelVersion, MonitoredAttribute
from scoring.registry.services import check_fit, find_model, load_session, run_session
from scoring.training.cases import LabelledCases
from scoring.training.unseen import collect_unseen

CONTACT_DAYS = 30
AGES = (
    (25, "24 or younger"),
    (35, "25 to 34"),
    (45, "35 to 44"),
    (55, "45 to 54"),
    (65, "55 to 64"),
    (200, "65 or older"),
)
ROWS_AT_ONCE = 20_000
OUTBOUND = (
    ContactEvent.Channel.CALL, ContactEvent.Channel.SMS, ContactEvent.Channel.EMAIL, ContactEvent.Channel.LETTER,
    ContactEvent.Channel.VISIT,
)  # fmt: skip
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class FairnessReport:
    """The readings of one model, one for each monitored attribute."""

    readings: tuple[FairnessReading, ...]

    def summary(self) -> str:
        lines = []
        for one in self.readings:
            ratio = "too few rows to say" if one.selection_ratio is None else f"{one.selection_ratio:.2f}"
            gap = "too few bad rows to say" if one.tpr_gap is None else f"{one.tpr_gap:.2f}"
            look = ", look at it" if one.selection_ratio is not None and one.selection_ratio < FOUR_FIFTHS else ""
            lines.append(
                f"{one.model.name} by {one.attribute.name}: selection-rate ratio {ratio}{look}, gap of true positive rates {gap} "
                f"({one.n_rows:,} rows, {len(one.groups)} groups)."
            )
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        return {
            "readings": [
                {
                    "model": one.model.name,
                    "attribute": one.attribute.name,
                    "n_rows": one.n_rows,
                    "is_unseen": one.is_unseen,
                    "selection_ratio": one.selection_ratio,
                    "tpr_gap": one.tpr_gap,
                    "contact_ratio": one.contact_ratio,
                    "contact_tpr_gap": one.contact_tpr_gap,
                    "groups": one.groups,
                }
                for one in self.readings
            ]
        }


@job("measure_fairness", max_attempts=1)
def measure_in_background(*, model: str) -> dict[str, Any]:
    """Measure a model by its name."""
    return FairnessReport(measure_fairness(model=find_model(model), progress=tell_job)).as_json()


def measure_fairness(
    *, model: ModelVersion, progress: Progress = lambda done, total, message: None
) -> tuple[FairnessReading, ...]:
    """Score labelled rows that a model has not learned from and compare the groups of each monitored attribute; keep it.

    Selected means called bad at the model's threshold. Actions are contacts that the lender began within CONTACT_DAYS after the
    observation day, whatever rule chose them. Cost: cases and features of up to six days, and two queries per 20,000 rows.
    Raises ComparisonRefused where nothing is monitored or too few rows have the outcome.
    """
    watched = MonitoredAttribute.objects.current()
    if not watched:
        raise ComparisonRefused("No attribute is monitored: an administrator names them in the admin.")
    check_fit(model)
    progress(0, 2, "cases and labels")
    labelled, is_unseen = collect_unseen([model], segment=model.segment)
    progress(1, 2, f"features of {len(labelled.cases):,} cases")
    p = run_session(load_session(model), build_matrix(labelled.cases).values).astype(np.float64)
    contacted = _contacted(labelled)
    days = labelled.days.astype(object)
    readings = []
    for attribute in watched:
        found = measure_groups(
            _groups(attribute, labelled), labelled.y, p, threshold=model.threshold, contacted=contacted
        )
        readings.append(
            FairnessReading(
                model=model, attribute=attribute, first_day=min(days), last_day=max(days), n_rows=len(labelled.y),
                is_unseen=is_unseen, groups=[group.as_dict() for group in found.groups],
                selection_ratio=found.selection_ratio, tpr_gap=found.tpr_gap, contact_ratio=found.contact_ratio,
                contact_tpr_gap=found.contact_tpr_gap,
            )
        )  # fmt: skip
    FairnessReading.objects.bulk_create(readings)
    progress(2, 2, "measured")
    return tuple(readings)


def _groups(attribute: MonitoredAttribute, labelled: LabelledCases) -> NDArray[np.str_]:
    """Return the group of each case."""
    is_of_loan = attribute.source == MonitoredAttribute.Source.LOAN
    keys = [case.loan_id for case in labelled.cases] if is_of_loan else labelled.borrowers.tolist()
    rows = Loan.objects if is_of_loan else Borrower.objects
    is_field = attribute.source == MonitoredAttribute.Source.FIELD
    column = attribute.name if is_field else "attributes"
    values: dict[int, Any] = {}
    for chunk in _chunks(sorted(set(keys))):
        values |= dict(rows.filter(pk__in=chunk).values_list("pk", column))
    if not is_field:
        values = {key: (found or {}).get(attribute.name) for key, found in values.items()}
    return np.array(
        [_name(values.get(key), case.as_of) for key, case in zip(keys, labelled.cases, strict=True)], dtype=np.str_
    )


def _name(value: Any, day: date) -> str:
    if value in (None, ""):
        return UNKNOWN
    if isinstance(value, date):
        age = day.year - value.year - ((day.month, day.day) < (value.month, value.day))
        return next(words for below, words in AGES if age < below)
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)[:60]


def _contacted(labelled: LabelledCases) -> NDArray[np.bool_]:
    """Return for each case whether the lender began a contact with its borrower within CONTACT_DAYS after the day."""
    first, last = min(case.as_of for case in labelled.cases), max(case.as_of for case in labelled.cases)
    days: dict[int, list[date]] = {}
    for chunk in _chunks(sorted(set(labelled.borrowers.tolist()))):
        events = ContactEvent.objects.filter(
            borrower_id__in=chunk, channel__in=OUTBOUND, effective_on__gt=first,
            effective_on__lte=last + timedelta(days=CONTACT_DAYS),
        ).order_by()  # fmt: skip
        for borrower, day in events.values_list("borrower_id", "effective_on").distinct():
            days.setdefault(borrower, []).append(day)
    return np.array(
        [
            any(case.as_of < day <= case.as_of + timedelta(days=CONTACT_DAYS) for day in days.get(borrower, ()))
            for case, borrower in zip(labelled.cases, labelled.borrowers.tolist(), strict=True)
        ],
        dtype=bool,
    )


def _chunks(keys: Sequence[int]) -> list[Sequence[int]]:
    return [keys[at : at + ROWS_AT_ONCE] for at in range(0, len(keys), ROWS_AT_ONCE)]
