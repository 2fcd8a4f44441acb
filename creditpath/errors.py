"""The one kind of error that people are meant to read."""

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any


class DomainError(Exception):
    """The rules of the house do not allow this.

    A subclass sets `code`, which scripts rely on, and a docstring whose first paragraph is the default message.
    `fields` says which inputs are wrong: field name -> message.
    """

    code = "not_allowed"

    def __init__(
        self, detail: str | None = None, *, fields: Mapping[str, Any] | None = None, code: str | None = None
    ) -> None:
        self.detail = detail or default_message(type(self))
        self.fields = dict(fields or {})
        if code:
            self.code = code
        super().__init__(self.detail)

    def as_json(self) -> dict[str, Any]:
        """Return the body that the API answers with."""
        return {"code": self.code, "detail": self.detail, "fields": self.fields}


def default_message(kind: type[DomainError]) -> str:
    """Return the first paragraph of the docstring as one line."""
    paragraph = cleandoc(kind.__doc__ or DomainError.__doc__ or "").split("\n\n", 1)[0]
    return " ".join(paragraph.split())
