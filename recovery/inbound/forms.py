"""What is typed while somebody calls."""

from typing import Any

from django import forms

from creditpath.errors import DomainError
from recovery.forms import DayInput
from recovery.inbound.facts import asked_facts


class CheckForm(forms.Form):
    """What the caller answers to the questions that the lender asks; nothing of it is kept."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)
        for place, (name, fact) in enumerate(asked_facts().items()):
            attributes = {"autocomplete": "off"} | ({"autofocus": True} if not place else {})
            widget = DayInput() if fact.input_type == "date" else forms.TextInput()
            widget.attrs |= attributes
            self.fields[name] = forms.CharField(
                label=fact.label, help_text=fact.hint, required=False, max_length=64, widget=widget
            )

    def add_domain_error(self, error: DomainError) -> None:
        """Show what the service refused."""
        self.add_error(None, error.detail)
