"""What people type about disputes and complaints."""

from typing import Any

from django import forms

from borrowers.models import Borrower, Loan
from recovery.forms import DayInput, FormOnce
from recovery.models import Grievance, GrievanceAnswer


class GrievanceForm(FormOnce):
    """What came in."""

    kind = forms.ChoiceField(label="What", choices=Grievance.Kind.choices)
    subject = forms.ChoiceField(label="About", choices=Grievance.Subject.choices)
    loan = forms.ModelChoiceField(Loan.objects.none(), label="Loan", required=False, empty_label="no single one")
    channel = forms.ChoiceField(label="Came by", choices=Grievance.Channel.choices)
    received_on = forms.DateField(label="Received on", required=False, widget=DayInput())
    text = forms.CharField(
        label="In their own words", max_length=5000, widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"})
    )

    def __init__(self, *args: Any, borrower: Borrower, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        loan = self.fields["loan"]
        assert isinstance(loan, forms.ModelChoiceField)
        loan.queryset = borrower.loans.all()


class AnswerForm(FormOnce):
    """What was decided and told."""

    outcome = forms.ChoiceField(label="Decided", choices=[("", "–"), *GrievanceAnswer.Outcome.choices])
    redress_amount = forms.DecimalField(
        label="Made good with", required=False, min_value=0, max_digits=18, decimal_places=2
    )
    text = forms.CharField(
        label="The answer they were given", max_length=5000, widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"})
    )
    cause = forms.CharField(label="What led to it", required=False, max_length=300)
