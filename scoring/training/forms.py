"""What people ask of a training on its page."""

from typing import Any

from django import forms

from scoring.models import Purpose, Segment
from scoring.training.asking import ATTRIBUTE

# Of scoring.ml.candidates, which loads the training libraries and is left to the worker.
NAMES = {"logistic": "Logistic regression on bins", "xgboost": "XGBoost", "lightgbm": "LightGBM"}


class TrainForm(forms.Form):
    """Which outcome is learned, by which candidates, with how much tuning, and what wrong calls cost."""

    purpose = forms.ChoiceField(
        label="Outcome",
        choices=[*Purpose.choices, (ATTRIBUTE, "an outcome of the lender's own, by loan")],
        initial=Purpose.DEFAULT.value,
    )
    segment = forms.ChoiceField(
        label="Loans",
        choices=Segment.choices,
        required=False,
        help_text="A model of one bucket serves that bucket alone, in place of the one for all loans.",
    )
    horizon_days = forms.IntegerField(
        label="Within how many days",
        required=False, min_value=1, max_value=3650,
        help_text="Blank: 120 days for default, 30 for payment.",
    )  # fmt: skip
    attribute = forms.CharField(
        label="Column of the lender",
        required=False, max_length=80, help_text="For an outcome of the lender's own, such as good_bad_flag.",
    )  # fmt: skip
    bad = forms.CharField(label="Its bad value", required=False, max_length=200, help_text="Such as Bad.")
    candidates = forms.MultipleChoiceField(
        label="Candidates",
        choices=list(NAMES.items()),
        initial=list(NAMES),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one candidate."},
    )
    trials = forms.IntegerField(
        label="Settings tried for each candidate",
        required=False, min_value=1, max_value=1000,
        help_text="Blank: the shipped ones. With more, Optuna proposes the rest; figures are on rows that take no part.",
    )  # fmt: skip
    seconds = forms.FloatField(
        label="Seconds for them",
        required=False, min_value=1, max_value=86_400,
        help_text="After so long no further setting of a candidate is tried in one fit. Blank: 600.",
    )  # fmt: skip
    false_alarm = forms.FloatField(
        label="Cost of a false alarm",
        required=False, min_value=1e-6, max_value=1e9,
        help_text="What calling a good loan bad costs, in any unit. Blank: precision and recall meet.",
    )  # fmt: skip
    missed = forms.FloatField(
        label="Cost of a missed bad one",
        required=False, min_value=1e-6, max_value=1e9, help_text="In the same unit.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("seconds") and not given.get("trials") and "trials" not in self.errors:
            self.add_error("trials", "Say how many settings are tried; seconds alone limit nothing.")
        costs = {name: given.get(name) for name in ("false_alarm", "missed")}
        for name, other in (("false_alarm", "missed"), ("missed", "false_alarm")):
            if costs[name] is None and costs[other] is not None and name not in self.errors:
                self.add_error(name, "State both costs, or neither.")
        if given.get("purpose") == ATTRIBUTE:
            for name, message in (("attribute", "Name the column."), ("bad", "Say which value is bad.")):
                if not given.get(name) and name not in self.errors:
                    self.add_error(name, message)
            if given.get("segment"):
                self.add_error(
                    "segment", "An outcome of the whole loan is learned as known at approval: choose all loans."
                )
            if given.get("horizon_days"):
                self.add_error("horizon_days", "An outcome of the whole loan has no horizon: leave it blank.")
        return given
