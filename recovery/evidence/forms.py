"""What people type about keeping and erasing evidence."""

from django import forms

from creditpath.forms import PageForm
from recovery.forms import DayInput
from recovery.models import ErasureRequest


class LegalHoldForm(PageForm):
    """Why evidence is kept whatever the clock says."""

    reason = forms.CharField(label="Case or order", max_length=500, widget=forms.TextInput(attrs={"dir": "auto"}))


class ErasureRequestForm(PageForm):
    """Who asked for an erasure, when and how."""

    origin = forms.ChoiceField(label="Why", choices=ErasureRequest.Origin.choices)
    received_on = forms.DateField(label="Asked on", required=False, widget=DayInput())
    note = forms.CharField(label="How it came in", required=False, max_length=500)
