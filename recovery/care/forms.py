"""What people type about hardship."""

from django import forms

from recovery.forms import DayInput, FormOnce
from recovery.models import CareRecord


class CareForm(FormOnce):
    """Why a borrower is not to be pressed."""

    category = forms.ChoiceField(label="What it is about", choices=CareRecord.Category.choices)
    review_on = forms.DateField(label="Look again on", required=False, widget=DayInput())
    details = forms.CharField(
        label="What was said", max_length=4000, widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
        error_messages={"required": "Say what was said."},
    )  # fmt: skip
