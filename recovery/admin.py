"""Policies, the decision log and the worklist in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from borrowers.errors import NoBusinessDate
from borrowers.services import get_business_date
from creditpath.admin_lists import ReadOnlyAdmin, show_mapping
from recovery.contacts import admin as contacts  # noqa: F401  registers the models of contacts
from recovery.models import Policy, PolicyRule, Recommendation, WorklistItem


def _is_to_come(policy: Policy | None) -> bool:
    """Say whether a policy may still be edited: no decision can have been made by it yet."""
    try:
        return policy is None or policy.effective_from > get_business_date()
    except NoBusinessDate:
        return True


class PolicyRuleInline(admin.TabularInline):
    """The rules of a policy, in the order in which they are asked."""

    model = PolicyRule
    extra = 0
    ordering = ("position",)
    fields = (
        "position", "min_days_past_due", "max_days_past_due", "tiers", "min_overdue_amount", "has_broken_promise",
        "has_open_promise", "action", "reason", "expected_minutes",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and _is_to_come(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _is_to_come(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_to_come(obj)


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin):
    """A policy is edited until the day from which it counts; after that a new version takes its place."""

    list_display = ("version", "title", "effective_from", "n_rules", "created_by", "created_at")
    list_select_related = ("created_by",)
    search_fields = ("title",)
    fields = ("version", "title", "effective_from")
    inlines = (PolicyRuleInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(n_rules=Count("rules"))

    @admin.display(description="rules", ordering="n_rules")
    def n_rules(self, policy: Any) -> int:
        return int(policy.n_rules)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        newest = Policy.objects.first()
        return {"version": newest.version + 1 if newest else 1} | super().get_changeform_initial_data(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _is_to_come(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and obj is not None and _is_to_come(obj)

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)


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
        "borrower", "loan", "as_of", "action", "ask_amount", "priority", "expected_minutes", "policy_rule", "score",
        "reasons_shown", "facts_shown", "eligible_shown", "decided_at",
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

    @admin.display(description="eligible actions")
    def eligible_shown(self, recommendation: Recommendation) -> str:
        return show_mapping(recommendation.eligible_actions)


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
