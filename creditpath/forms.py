"""What forms of pages share."""

from typing import Any

from django import forms

from creditpath.errors import DomainError


class PageForm(forms.Form):
    """A form of a page: what a service refused stands beside the fields that it names, and assistive technology is told which."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["label_suffix"] = ""
        super().__init__(*args, **kwargs)

    def add_domain_error(self, error: DomainError) -> None:
        """Show what a service refused."""
        for name, message in error.fields.items():
            self.add_error(name if name in self.fields else None, message)
        if not error.fields:
            self.add_error(None, error.detail)
        self.mark_errors()

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        self.mark_errors()

    def mark_errors(self) -> None:
        """Tell assistive technology which fields are wrong."""
        for name in self.errors:
            if name in self.fields:
                self.fields[name].widget.attrs["aria-invalid"] = "true"
