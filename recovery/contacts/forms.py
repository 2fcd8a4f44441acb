"""What people type about holds."""

from typing import Any

from django import forms

from borrowers.models import Borrower, ContactPoint, Loan
from creditpath.forms import PageForm
from recovery.models import Hold
from recovery.templatetags.pages import masked


class _Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class _Time(forms.TimeInput):
    input_type = "time"


class _PlaceField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.get_kind_display()} {masked(obj.value, obj.kind)}"


class SetHoldForm(PageForm):
    """Why contacts stop; the fields below the kind are for the kinds that need them."""

    kind = forms.ChoiceField(label="What", choices=Hold.Kind.choices)
    reason = forms.CharField(label="Why", max_length=500, widget=forms.TextInput(attrs={"dir": "auto"}))
    loan = forms.ModelChoiceField(Loan.objects.none(), label="On loan", required=False, empty_label="every debt")
    channel = forms.ChoiceField(label="Channel", required=False, choices=[("", "–"), *Hold.Channel.choices])
    contact_point = _PlaceField(ContactPoint.objects.none(), label="Place", required=False, empty_label="–")
    from_time = forms.TimeField(label="Not from", required=False, widget=_Time())
    until_time = forms.TimeField(label="until", required=False, widget=_Time())
    ends_on = forms.DateField(label="Last day", required=False, widget=_Day())

    def __init__(self, *args: Any, borrower: Borrower, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("loan", borrower.loans.all()), ("contact_point", borrower.contact_points.all())):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows
