"""Policies, the decision log and the worklist in the admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from creditpath.accounts.models import User
from creditpath.admin_lists import ReadOnlyAdmin, show_mapping
from recovery.alerts import admin as alerts  # noqa: F401
from recovery.approvals import admin as approvals  # noqa: F401
from recovery.contacts import admin as contacts  # noqa: F401  registers the models of contacts
from recovery.evidence import admin as evidence  # noqa: F401
from recovery.grievances import admin as grievances  # noqa: F401
from recovery.models import (
    DecisionAnswer,
    PerformedAction,
    Policy,
    PolicyEvent,
    PolicyReplay,
    PolicyRule,
    Recommendation,
    ReplayLine,
    WorklistItem,
)
from recovery.outreach import admin as outreach  # noqa: F401
from recovery.plans import admin as plans  # noqa: F401
from recovery.policy.validating import find_mistakes
from recovery.policymaking.drafting import record_edit
from recovery.policymaking.reading import as_rule, as_rules
from recovery.teams import admin as teams  # noqa: F401


class PolicyRuleForm(forms.ModelForm):
    """One line of a draft, checked as the page of policies checks it."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        row = PolicyRule(**{name: value for name, value in cleaned.items() if name in RULE_FIELDS and name != "id"})
        policy = cleaned.get("policy")
        for name, message in find_mistakes(as_rule(row), currency=policy.currency if policy else "").items():
            self.add_error(name if name in self.fields else None, message)
        return cleaned


RULE_FIELDS = {field.name for field in PolicyRule._meta.fields if field.editable}


class PolicyRuleInline(admin.StackedInline):
    """The lines of a draft, in the order in which they are asked."""

    model = PolicyRule
    form = PolicyRuleForm
    extra = 0
    ordering = ("position",)
    fields = (
        "position",
        ("min_days_past_due", "max_days_past_due", "min_instalments_past_due", "max_instalments_past_due"),
        ("buckets", "tiers", "products"),
        ("min_overdue_amount", "overdue_below_amount", "min_outstanding_amount", "outstanding_below_amount"),
        ("min_attempts", "max_attempts", "min_days_since_contact"),
        ("has_open_promise", "has_broken_promise", "has_hold", "is_vulnerable", "is_time_barred"),
        ("action", "channel", "tone", "deadline_days", "expected_minutes", "settlement_limit_ratio"),
        ("alternatives", "escalate_to", "escalate_after_attempts", "escalate_after_days"),
        "reason",
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and (obj is None or obj.is_draft)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_draft)


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin):
    """Versions; a draft is edited here or on the page of policies, where it is also tried, submitted and approved."""

    list_display = (
        "version",
        "title",
        "state",
        "effective_from",
        "effective_until",
        "n_rules",
        "created_by",
        "approved_by",
    )
    list_filter = ("state",)
    list_select_related = ("created_by", "approved_by")
    search_fields = ("title",)
    fields = (
        "title", "currency", "exploration_ratio", "state", "effective_from", "effective_until", "based_on", "created_by",
        "submitted_by", "replay_waiver", "approved_by",
    )  # fmt: skip
    readonly_fields = fields[3:]
    inlines = (PolicyRuleInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(n_rules=Count("rules"))

    @admin.display(description="lines", ordering="n_rules")
    def n_rules(self, policy: Any) -> int:
        return int(policy.n_rules)

    def view_on_site(self, policy: Policy) -> str:
        return reverse("recovery:policy", args=[policy.version])

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Drafts begin on the page of policies, from the version in force."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Drafts are withdrawn and stay to be read."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:
        request._policy_before = as_rules(Policy.objects.get(pk=obj.pk))  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        by = request.user
        assert isinstance(by, User)
        record_edit(policy=form.instance, by=by, before=request._policy_before)  # type: ignore[attr-defined]


@admin.register(PolicyEvent)
class PolicyEventAdmin(ReadOnlyAdmin):
    list_display = ("policy", "kind", "by", "at", "detail")
    list_filter = ("kind",)
    list_select_related = ("policy", "by")


@admin.register(PolicyReplay)
class PolicyReplayAdmin(ReadOnlyAdmin):
    list_display = (
        "policy", "against", "first_day", "last_day", "state", "cases", "cases_decided_otherwise", "requested_by",
        "finished_at",
    )  # fmt: skip
    list_filter = ("state",)
    list_select_related = ("policy", "against", "requested_by")


@admin.register(ReplayLine)
class ReplayLineAdmin(ReadOnlyAdmin):
    list_display = (
        "replay",
        "day",
        "side",
        "action",
        "currency",
        "cases",
        "blocked",
        "minutes",
        "payers",
        "paid_amount",
    )
    list_filter = ("side", "action")
    list_select_related = ("replay__policy",)


@admin.register(PolicyRule)
class PolicyRuleAdmin(ReadOnlyAdmin):
    """All rules of all policies, to search in; a rule is edited within its policy."""

    list_display = ("policy", "position", "action", "reason", "min_days_past_due", "max_days_past_due", "tiers")
    list_filter = ("action", "policy")
    list_select_related = ("policy",)
    search_fields = ("reason",)


@admin.register(Recommendation)
class RecommendationAdmin(ReadOnlyAdmin):
    list_display = ("as_of", "borrower", "loan", "action", "ask_amount", "priority", "first_reason", "policy_rule")
    list_filter = ("action",)
    list_select_related = ("borrower", "loan", "policy_rule")
    search_fields = ("borrower__external_id__startswith", "loan__external_id__startswith")
    ordering = ("-as_of", "-priority")
    fields = (
        "borrower", "loan", "as_of", "action", "channel", "tone", "deadline_on", "ask_amount", "priority", "ordered_by",
        "expected_minutes", "policy", "policy_rule", "score", "reasons_shown", "facts_shown", "eligible_shown", "probability",
        "household", "seed", "drawn", "versions_shown", "decided_at",
    )  # fmt: skip

    @admin.display(description="reason")
    def first_reason(self, recommendation: Recommendation) -> str:
        return str(recommendation.reasons[0]) if recommendation.reasons else "–"

    @admin.display(description="reasons")
    def reasons_shown(self, recommendation: Recommendation) -> str:
        return "; ".join(map(str, recommendation.reasons))

    @admin.display(description="facts")
    def facts_shown(self, recommendation: Recommendation) -> str:
        return show_mapping(recommendation.facts)

    @admin.display(description="versions")
    def versions_shown(self, recommendation: Recommendation) -> str:
        return show_mapping(recommendation.versions)

    @admin.display(description="eligible actions")
    def eligible_shown(self, recommendation: Recommendation) -> str:
        return show_mapping(recommendation.eligible_actions)


@admin.register(DecisionAnswer)
class DecisionAnswerAdmin(ReadOnlyAdmin):
    list_display = ("recommendation", "answer", "action", "reason", "answered_by", "answered_at")
    list_filter = ("answer", "action")
    list_select_related = ("recommendation", "answered_by")
    search_fields = ("recommendation__borrower__external_id__startswith",)


@admin.register(PerformedAction)
class PerformedActionAdmin(ReadOnlyAdmin):
    list_display = ("recommendation", "action", "is_as_assigned", "contact_event", "booked_at")
    list_filter = ("action", "is_as_assigned")
    list_select_related = ("recommendation", "contact_event")


class IsOpenFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "open"), ("done", "done")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(done_at__isnull=self.value() == "open") if self.value() else queryset


@admin.register(WorklistItem)
class WorklistItemAdmin(ReadOnlyAdmin):
    list_display = ("as_of", "agent", "rank", "borrower", "action", "done_at")
    list_filter = (IsOpenFilter, ("agent", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("agent", "recommendation__borrower")
    search_fields = ("recommendation__borrower__external_id__startswith", "agent__username__startswith")
    ordering = ("-as_of", "agent", "rank")

    @admin.display(description="borrower")
    def borrower(self, item: WorklistItem) -> str:
        return str(item.recommendation.borrower)

    @admin.display(description="action")
    def action(self, item: WorklistItem) -> str:
        return item.recommendation.get_action_display()
