"""The one kind of error that people are meant to read."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from inspect import cleandoc
from typing import Any

from django.db import IntegrityError


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


def broken_constraint(error: IntegrityError) -> str | None:
    """Return the name of the constraint that refused a statement, which is a sentence; None where it has none."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)


@contextmanager
def told_in_words(refusal: type[DomainError], sentences: Mapping[str, str]) -> Iterator[None]:
    """Raise what the database refuses as a refusal: in the words that are given for the constraint, else in its own."""
    try:
        yield
    except IntegrityError as error:
        name = broken_constraint(error)
        if name is None:
            raise
        raise refusal(sentences.get(name, f"{name.replace('_', ' ').capitalize()}."), code=name) from error
