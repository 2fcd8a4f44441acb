"""What people type about models. The rules are in the services and in the database."""

from typing import Any

from django import forms

from creditpath.access import MODEL_APPROVERS, MODEL_MAKERS
from creditpath.accounts.models import User
from creditpath.errors import DomainError
from creditpath.forms import PageForm
from scoring.models import Materiality, ModelVersion, Segment, Validation


class StepForm(PageForm):
    """A step about a model; what a service says of the whole is shown above what it says of fields."""

    def add_domain_error(self, error: DomainError) -> None:
        """Show what a service refused, and why."""
        super().add_domain_error(error)
        if error.fields and error.detail not in error.fields.values():
            self.add_error(None, error.detail)


def words(label: str, *, rows: int = 2, required: bool = True, hint: str = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=required, max_length=2000, help_text=hint, widget=forms.Textarea(attrs={"rows": rows})
    )


def segments_of(model: ModelVersion) -> list[tuple[str, str]]:
    """Return the segments that a model may serve."""
    return [(value, label) for value, label in Segment.choices if model.segment in ("", value)]


class OfModelForm(StepForm):
    """A step that is about a segment."""

    segment = forms.ChoiceField(label="For", required=False)

    def __init__(self, *args: Any, model: ModelVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["segment"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = segments_of(model)


class ProposeForm(OfModelForm):
    reason = words("Why it should go live")
    in_spite_of = words(
        "In spite of what speaks against it", required=False, hint="Needed where doubts are listed above."
    )


class ChallengeForm(OfModelForm):
    reason = words("Why it should run in the shadow")


class CompareForm(OfModelForm):
    """Which loans are compared."""


class ReasonForm(StepForm):
    reason = words("Why")


class RemedyForm(StepForm):
    remedy = words("What was done")


class ValidateForm(StepForm):
    """What a validation found, with at most one finding at a time."""

    outcome = forms.ChoiceField(label="Found", choices=Validation.Outcome.choices)
    materiality = forms.ChoiceField(label="How much depends on it", choices=Materiality.choices)
    summary = words("What was examined, and how", rows=3)
    finding = words("A finding, if there is one", required=False)
    severity = forms.ChoiceField(label="How grave", choices=Materiality.choices, required=False)
    owner = forms.ModelChoiceField(label="Who puts it right", queryset=User.objects.none(), required=False)
    due_on = forms.DateField(
        label="Until", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["owner"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(is_active=True, role__in=MODEL_MAKERS | MODEL_APPROVERS).order_by(
            "username"
        )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("finding"):
            for name, message in (("owner", "Say who puts it right."), ("due_on", "Say until when.")):
                if not given.get(name) and name not in self.errors:
                    self.add_error(name, message)
        return given
