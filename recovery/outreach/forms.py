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
