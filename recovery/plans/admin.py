"""Terms, limits and plans in the admin: the first two are added to, the rest is read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from creditpath.admin_lists import ReadOnlyAdmin
from recovery.models import Plan, PlanBudgetLine, PlanEvent, PlanInstalment, PlanLimit, PlanTerms


class DatedRowAdmin(admin.ModelAdmin):
    """Rows that count from a day on; a new one takes over, none is changed."""

    exclude = ("set_by", "booked_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.set_by = request.user
        super().save_model(request, obj, form, change)


@admin.register(PlanTerms)
class PlanTermsAdmin(DatedRowAdmin):
    list_display = ("effective_from", "grace_days", "tolerance_ratio", "missed_allowed", "affordable_ratio", "set_by")
    list_select_related = ("set_by",)


@admin.register(PlanLimit)
class PlanLimitAdmin(DatedRowAdmin):
    list_display = ("role", "effective_from", "discount_ratio", "duration_days", "may_exceed_income", "set_by")
    list_filter = ("role",)
    list_select_related = ("set_by",)


@admin.register(Plan)
class PlanAdmin(ReadOnlyAdmin):
    list_display = ("id", "loan", "kind", "currency", "agreed_amount", "starts_on", "ends_on", "proposed_by")
    list_filter = ("kind",)
    list_select_related = ("loan", "proposed_by")
    search_fields = ("loan__external_id__istartswith",)


@admin.register(PlanEvent)
class PlanEventAdmin(ReadOnlyAdmin):
    list_display = ("plan_id", "number", "state", "effective_on", "by", "reason")
    list_filter = ("state",)
    list_select_related = ("by",)


@admin.register(PlanInstalment)
class PlanInstalmentAdmin(ReadOnlyAdmin):
    list_display = ("plan_id", "number", "due_on", "amount")


@admin.register(PlanBudgetLine)
class PlanBudgetLineAdmin(ReadOnlyAdmin):
    list_display = ("plan_id", "kind", "label", "amount")
