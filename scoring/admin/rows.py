"""What lists of rows about models share."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from creditpath.admin_lists import ReadOnlyAdmin, ask_before
from creditpath.errors import DomainError
from scoring.querysets import heavy_fields


class OfModelAdmin(ReadOnlyAdmin):
    """A list of rows about a model: never its bytes."""

    search_fields: ClassVar[tuple[str, ...]] = ("model__name",)
    bytes_of: ClassVar[tuple[str, ...]] = ("model",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        heavy = [name for path in self.bytes_of for name in heavy_fields(path)]
        return super().get_queryset(request).select_related(*self.bytes_of).defer(*heavy)


def ask_for_one(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    queryset: QuerySet,
    *,
    verb: Any,
    form_class: type[forms.Form],
    title: str,
    button: str,
    explanation: str,
    done: str,
) -> HttpResponse | None:
    """Do something with the one row that is ticked, once the form says what it needs."""
    rows = list(queryset[:2])
    if len(rows) != 1:
        messages.error(request, "Select one row.")
        return None
    form = form_class(request.POST if "confirmed" in request.POST else None)
    if form.is_valid():
        try:
            verb(rows[0], **form.cleaned_data)
            messages.success(request, done.format(row=rows[0]))
        except DomainError as refusal:
            messages.error(request, refusal.detail)
        return None
    return ask_before(model_admin, request, queryset, form=form, title=title, explanation=explanation, button=button)
