"""Templates in the admin, and the logs of messages and calls."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from creditpath.admin_lists import ReadOnlyAdmin, show_mapping
from creditpath.errors import DomainError
from recovery.models import (
    CallBack,
    CallEvent,
    DiallerEntry,
    DiallerFile,
    IdentityCheck,
    InboundMessage,
    MessageTemplate,
    OutgoingMessage,
)
from recovery.outreach.services import publish_template, retire_template, revise_template
from recovery.outreach.templating import find_faults, next_version


class MessageTemplateForm(forms.ModelForm):
    """A draft, checked as publishing checks it."""

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        said = {name: values.get(name) or "" for name in ("channel", "subject", "body")}
        for name, fault in find_faults(**said).items():
            if name not in self.errors:
                self.add_error(name, fault)
        return values


@admin.register(MessageTemplate)
class MessageTemplateAdmin(admin.ModelAdmin):
    """A version is a draft until it is published; then it is never changed, and a new version is begun from it."""

    form = MessageTemplateForm
    actions = ("publish", "revise", "retire")
    list_display = ("__str__", "purpose", "standing", "preview")
    list_filter = ("channel", "language", "tone", ("published_at", admin.EmptyFieldListFilter))
    list_select_related = ("drafted_by", "published_by")
    search_fields = ("key__istartswith",)
    fields = ("key", "channel", "language", "tone", "purpose", "subject", "body")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.published_at)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and obj is not None and obj.published_at is None

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Number a new draft, and one that was moved to another line."""
        if not change or set(form.changed_data) & {"key", "channel", "language", "tone"}:
            obj.version = next_version(obj)
        obj.drafted_by = request.user
        super().save_model(request, obj, form, change)

    @admin.display(description="state", ordering="published_at")
    def standing(self, row: MessageTemplate) -> str:
        if row.retired_at:
            return "retired"
        if row.published_at:
            return "shipped" if row.is_shipped else f"published by {row.published_by}"
        return f"draft by {row.drafted_by}"

    @admin.display(description="preview")
    def preview(self, row: MessageTemplate) -> str:
        return format_html('<a href="{}">preview</a>', reverse("recovery:message-template", args=[row.pk]))

    @admin.action(description="Publish the selected drafts", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet) -> None:
        publish = partial(publish_template, published_by=request.user)  # type: ignore[arg-type]
        _do_for_each(request, queryset, publish, "published")

    @admin.action(description="Begin a new version from the selected", permissions=["change"])
    def revise(self, request: HttpRequest, queryset: QuerySet) -> None:
        revise = partial(revise_template, drafted_by=request.user)  # type: ignore[arg-type]
        _do_for_each(request, queryset, revise, "taken for a new draft")

    @admin.action(description="Retire the selected", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet) -> None:
        _do_for_each(request, queryset, retire_template, "retired; what is queued from it will not be sent")


def _do_for_each(request: HttpRequest, rows: QuerySet, verb: Callable[..., Any], done: str) -> None:
    for row in rows:
        try:
            verb(template=row)
            messages.success(request, f"{row}: {done}.")
        except DomainError as refusal:
            messages.error(request, f"{row}: {refusal.detail}")


@admin.register(OutgoingMessage)
class OutgoingMessageAdmin(ReadOnlyAdmin):
    list_display = ("borrower", "channel", "state", "template", "queued_by", "queued_at", "ended_at", "reason")
    list_filter = ("state", "channel")
    list_select_related = ("borrower", "template", "queued_by")
    search_fields = ("borrower__external_id__startswith",)


@admin.register(CallBack)
class CallBackAdmin(ReadOnlyAdmin):
    list_display = ("borrower", "due_at", "time_zone", "agent")
    list_select_related = ("borrower", "agent")
    search_fields = ("borrower__external_id__startswith",)


@admin.register(DiallerFile)
class DiallerFileAdmin(ReadOnlyAdmin):
    list_display = ("id", "as_of", "created_by", "created_at", "n_asked", "n_rows")
    list_select_related = ("created_by",)


@admin.register(DiallerEntry)
class DiallerEntryAdmin(ReadOnlyAdmin):
    list_display = ("reference", "file", "borrower", "number", "reservation")
    list_select_related = ("file", "borrower", "reservation")
    search_fields = ("borrower__external_id__startswith",)


@admin.register(CallEvent)
class CallEventAdmin(ReadOnlyAdmin):
    list_display = ("event_id", "kind", "entry", "happened_at", "received_at", "contact_event")
    list_filter = ("kind",)
    list_select_related = ("entry", "contact_event")
    search_fields = ("event_id__startswith",)
    exclude = ("body",)
    readonly_fields = ("body_shown",)

    @admin.display(description="as it came in")
    def body_shown(self, row: CallEvent) -> Any:
        return show_mapping(row.body)


@admin.register(InboundMessage)
class InboundMessageAdmin(ReadOnlyAdmin):
    list_display = ("sender", "text", "borrower", "n_opted_out", "received_at")
    list_select_related = ("borrower",)
    search_fields = ("sender__startswith",)


@admin.register(IdentityCheck)
class IdentityCheckAdmin(ReadOnlyAdmin):
    list_display = ("borrower", "agent", "facts", "wrong", "is_passed", "checked_at")
    list_filter = ("is_passed",)
    list_select_related = ("borrower", "agent")
    search_fields = ("borrower__external_id__startswith",)
