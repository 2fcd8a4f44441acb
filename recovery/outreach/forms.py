"""What people type to send a message."""

from typing import Any

from django import forms

from borrowers.models import Borrower, ContactPoint
from recovery.forms import FormOnce
from recovery.models import MessageTemplate
from recovery.templatetags.pages import masked


class _PointField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.get_kind_display()} {masked(obj.value, obj.kind)}"


class DiallerForm(forms.Form):
    """How many calls are reserved, and for how long."""

    limit = forms.IntegerField(label="Calls at most", min_value=1, max_value=5_000, initial=500)
    lease_minutes = forms.IntegerField(label="Reserved for minutes", min_value=5, max_value=720, initial=120)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)


class ResultsForm(forms.Form):
    """What a dialler gives back."""

    file = forms.FileField(label="CSV of results", widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)


class MessageForm(FormOnce):
    """Which template goes to which number or address."""

    template = forms.TypedChoiceField(label="Template", error_messages={"required": "Choose what to send."})
    contact_point = _PointField(
        ContactPoint.objects.none(), label="To", required=False, empty_label="the one they prefer"
    )

    def __init__(self, *args: Any, borrower: Borrower, templates: list[MessageTemplate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_id = {str(row.pk): row for row in templates}
        choice, point = self.fields["template"], self.fields["contact_point"]
        assert isinstance(choice, forms.TypedChoiceField) and isinstance(point, forms.ModelChoiceField)
        choice.choices = [(key, row.title) for key, row in by_id.items()]
        choice.coerce = lambda key: by_id[str(key)]
        point.queryset = ContactPoint.objects.filter(borrower=borrower, kind__in=["phone", "email"])
