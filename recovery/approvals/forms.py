"""What people type to propose what happens to a loan."""

from django import forms

from recovery.forms import FormOnce
from recovery.models import LoanProposal


class ProposalForm(FormOnce):
    """What is proposed, and why; the amount is of a write-off, the agency of a placement."""

    kind = forms.ChoiceField(label="Propose to", choices=LoanProposal.Kind.choices)
    amount = forms.DecimalField(label="Written off", required=False, min_value=0, max_digits=18, decimal_places=2)
    counterparty = forms.CharField(label="Agency", required=False, max_length=120)
    reason = forms.CharField(label="Why", max_length=500, widget=forms.TextInput(attrs={"dir": "auto"}))
