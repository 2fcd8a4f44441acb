"""Rules, holds and the register of attempts in the admin. Rules are drafted and approved here, holds set and lifted."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse

from creditpath.access import permissions_of
from creditpath.admin_lists import LargeTableAdmin, ReadOnlyAdmin, ReasonForm, ask_before, show_mapping
from creditpath.errors import DomainError
from recovery.contacts.holds import find_faults
from recovery.contacts.services import (
    approve_rule,
    choose_contact_profile,
    lift_hold,
    record_validation_notice,
    set_hold,
)
from recovery.models import (
    ContactBlock,
    ContactProfile,
    ContactReservation,
    ContactRule,
    Hold,
    Jurisdiction,
    LimitationPeriod,
    ValidationNotice,
)


@admin.register(Jurisdiction)
class JurisdictionAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "parent", "zones")
    list_select_related = ("parent",)
    search_fields = ("code__istartswith", "name")

    @admin.display(description="time zones")
    def zones(self, place: Jurisdiction) -> str:
        return ", ".join(place.time_zones) or "as above it"


class RuleVersionAdmin(admin.ModelAdmin):
    """A version is a draft until a second person approves it; from then on it stays as it is."""

    actions = ("approve",)
    exclude = ("version",)
    list_per_page = 100

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_approved)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and obj is not None and not obj.is_approved

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Number a new draft, and make whoever changes one its drafter: they cannot approve it any more."""
        if not change:
            earlier = type(obj)._default_manager.filter(**{name: getattr(obj, name) for name in self.numbered_by})
            obj.version = 1 + (earlier.aggregate(last=Max("version"))["last"] or 0)
        obj.drafted_by = request.user
        super().save_model(request, obj, form, change)

    numbered_by: tuple[str, ...] = ()

    @admin.action(description="Approve the selected drafts", permissions=["change"])
    def approve(self, request: HttpRequest, queryset: QuerySet) -> None:
        for rule in queryset:
            try:
                approve_rule(rule=rule, approved_by=request.user)  # type: ignore[arg-type]
                messages.success(request, f"{rule} is approved and counts from {rule.effective_from}.")
            except DomainError as refusal:
                messages.error(request, refusal.detail)

    @admin.display(description="state", ordering="approved_at")
    def standing(self, rule: Any) -> str:
        if rule.is_approved:
            return "shipped" if rule.is_shipped else f"approved by {rule.approved_by}"
        return f"draft by {rule.drafted_by}"


@admin.register(ContactRule)
class ContactRuleAdmin(RuleVersionAdmin):
    list_display = (
        "__str__", "opens_at", "closes_at", "call_limit", "conversation_wait_days", "basis", "effective_from", "standing",
    )  # fmt: skip
    list_filter = ("profile", "basis", ("approved_at", admin.EmptyFieldListFilter))
    list_select_related = ("jurisdiction", "drafted_by", "approved_by")
    search_fields = ("jurisdiction__code__istartswith", "jurisdiction__name", "source")
    numbered_by = ("jurisdiction", "profile")


@admin.register(LimitationPeriod)
class LimitationPeriodAdmin(RuleVersionAdmin):
    list_display = ("__str__", "payment_restarts", "basis", "source", "effective_from", "standing")
    list_filter = ("basis", ("approved_at", admin.EmptyFieldListFilter))
    list_select_related = ("jurisdiction", "drafted_by", "approved_by")
    search_fields = ("jurisdiction__code__istartswith", "jurisdiction__name", "source")
    numbered_by = ("jurisdiction", "debt")


class WrittenOnceAdmin(LargeTableAdmin):
    """Rows of an append-only table that people add through a service."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def write(self, request: HttpRequest, values: dict[str, Any]) -> Any:
        """Write the row through the service and return it; each list says which service that is."""
        raise NotImplementedError(f"{type(self).__name__} has no write()")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        written = self.write(request, form.cleaned_data)
        obj.pk = written.pk
        obj.refresh_from_db()


@admin.register(ContactProfile)
class ContactProfileAdmin(WrittenOnceAdmin):
    """The newest row counts; choosing again adds one."""

    list_display = ("profile", "reason", "chosen_by", "chosen_at")
    list_select_related = ("chosen_by",)
    fields = ("profile", "reason")

    def write(self, request: HttpRequest, values: dict[str, Any]) -> ContactProfile:
        return choose_contact_profile(chosen_by=request.user, **values)  # type: ignore[arg-type]


class HoldForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        names = ("kind", "reason", "channel", "contact_point", "from_time", "until_time", "starts_on", "ends_on")
        for name, fault in find_faults(**{name: values.get(name) for name in names}).items():
            if name not in self.errors:
                self.add_error(name, fault)
        return values


@admin.register(Hold)
class HoldAdmin(WrittenOnceAdmin):
    """What stops contacts. A hold ends by being lifted, which adds a row."""

    form = HoldForm
    actions = ("lift",)
    list_display = ("borrower", "kind", "channel", "loan", "starts_on", "ends_on", "is_lifted", "reason", "set_by")
    list_filter = ("kind",)
    list_select_related = ("borrower", "loan", "set_by", "lifted_by")
    search_fields = ("borrower__external_id__startswith",)
    raw_id_fields = ("borrower", "loan", "contact_point")
    ordering = ("-id",)
    fields = (
        "borrower", "kind", "reason", "loan", "channel", "contact_point", "from_time", "until_time", "starts_on", "ends_on",
    )  # fmt: skip

    def write(self, request: HttpRequest, values: dict[str, Any]) -> Hold:
        return set_hold(set_by=request.user, **values)  # type: ignore[arg-type]

    @admin.display(description="lifted")
    def is_lifted(self, hold: Hold) -> str:
        if hold.lifts_id:
            return "this lifts another"
        return f"on {hold.lifted_by.starts_on}" if hasattr(hold, "lifted_by") else "no"

    def has_lift_permission(self, request: HttpRequest) -> bool:
        return "recovery.add_hold" in permissions_of(request.user.role)  # type: ignore[union-attr]

    @admin.action(description="Lift the selected hold", permissions=["lift"])
    def lift(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        holds = list(queryset[:2])
        if len(holds) != 1:
            messages.error(request, "Select one hold.")
            return None
        form = ReasonForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            try:
                lift_hold(hold=holds[0], reason=form.cleaned_data["reason"][:500], lifted_by=request.user)  # type: ignore[arg-type]
                messages.success(request, f"Lifted: {holds[0]}.")
            except DomainError as refusal:
                messages.error(request, refusal.detail)
            return None
        return ask_before(
            self, request, queryset, form=form, title="Lift a hold", button="Lift it",
            explanation="Contacts that it stopped are permitted again at once, as far as nothing else stops them.",
        )  # fmt: skip


@admin.register(ValidationNotice)
class ValidationNoticeAdmin(WrittenOnceAdmin):
    list_display = ("borrower", "loan", "channel", "sent_on", "recorded_by", "booked_at")
    list_select_related = ("borrower", "loan", "recorded_by")
    search_fields = ("borrower__external_id__startswith", "loan__external_id__startswith")
    raw_id_fields = ("borrower", "loan")
    fields = ("borrower", "loan", "channel", "sent_on", "text")

    def write(self, request: HttpRequest, values: dict[str, Any]) -> ValidationNotice:
        return record_validation_notice(recorded_by=request.user, **values)  # type: ignore[arg-type]


class AnswerMixin:
    @admin.display(description="answer of the gate")
    def answer_shown(self, row: Any) -> str:
        return show_mapping(row.answer)


@admin.register(ContactReservation)
class ContactReservationAdmin(AnswerMixin, ReadOnlyAdmin):
    list_display = ("borrower", "number", "channel", "state", "reserved_at", "agent", "rule", "is_flagged")
    list_filter = ("state", "channel", "purpose")
    list_select_related = ("borrower", "agent", "rule")
    search_fields = ("borrower__external_id__startswith",)
    exclude = ("answer",)
    readonly_fields = ("answer_shown",)

    @admin.display(description="flagged", boolean=True)
    def is_flagged(self, attempt: ContactReservation) -> bool:
        return bool(attempt.flags)


@admin.register(ContactBlock)
class ContactBlockAdmin(AnswerMixin, ReadOnlyAdmin):
    list_display = ("borrower", "channel", "asked_at", "agent", "rule", "why")
    list_filter = ("channel",)
    list_select_related = ("borrower", "agent", "rule")
    search_fields = ("borrower__external_id__startswith",)
    exclude = ("answer",)
    readonly_fields = ("answer_shown",)

    @admin.display(description="why")
    def why(self, block: ContactBlock) -> str:
        return " ".join(reason["text"] for reason in block.answer.get("reasons", []))
