"""Examine a model that somebody else trained, write down what was found, and close it once it is put right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from creditpath.accounts.models import User
from creditpath.errors import told_in_words
from scoring.errors import ValidationRefused
from scoring.models import FindingClosure, Materiality, ModelVersion, Validation, ValidationFinding

SENTENCES = {
    "model_is_validated_by_another_than_its_trainer": "You trained this model: another person validates it.",
    "finding_is_closed_by_another_than_its_owner": "You are to put this right: another person looks whether it is.",
}


@dataclass(frozen=True)
class Found:
    """A finding to be written down."""

    text: str
    severity: str
    owner: User
    due_on: date


def validate_model(
    *,
    model: ModelVersion,
    outcome: str,
    summary: str,
    validated_by: User,
    materiality: str = "",
    findings: Sequence[Found] = (),
) -> Validation:
    """Write down what the validation of a model found; the newest one counts. Materiality is the registered one if left out.

    Raises ValidationRefused with a remedy for each field, and for the person who trained the model.
    """
    materiality = materiality or model.materiality or Materiality.HIGH.value
    fields: dict[str, str] = {}
    if outcome not in Validation.Outcome.values:
        fields["outcome"] = "Choose what was found."
    if not summary.strip():
        fields["summary"] = "Say what was examined, and how."
    if materiality not in Materiality.values:
        fields["materiality"] = "Choose how much depends on the model."
    if any(not one.text.strip() or one.severity not in Materiality.values for one in findings):
        fields["findings"] = "A finding has words and a severity."
    if outcome == Validation.Outcome.WITH_FINDINGS and not findings:
        fields["findings"] = "Write down what was found, who puts it right and until when."
    if fields:
        raise ValidationRefused(" ".join(fields.values()), fields=fields)
    with told_in_words(ValidationRefused, SENTENCES), transaction.atomic():
        validation = Validation.objects.create(
            model=model, outcome=outcome, materiality=materiality, summary=summary.strip(), validated_by=validated_by
        )
        ValidationFinding.objects.bulk_create(
            ValidationFinding(
                validation=validation, text=one.text.strip(), severity=one.severity, owner=one.owner, due_on=one.due_on
            )
            for one in findings
        )
    return validation


def close_finding(*, finding: ValidationFinding, remedy: str, closed_by: User) -> FindingClosure:
    """Write down how a finding was put right; never by its owner, and once. Raises ValidationRefused."""
    if not remedy.strip():
        raise ValidationRefused(fields={"remedy": "Say what was done."})
    sentences = SENTENCES | {"scoring_findingclosure_finding_id_key": "It is closed."}
    with told_in_words(ValidationRefused, sentences), transaction.atomic():
        return FindingClosure.objects.create(finding=finding, remedy=remedy.strip(), closed_by=closed_by)
