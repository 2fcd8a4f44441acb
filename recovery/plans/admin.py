"""Terms, limits and plans in the admin: the first two are added to, the rest is read."""

from django.contrib import admin

from creditpath.admin_lists import DatedRowAdmin, ReadOnlyAdmin
from recovery.models import Plan, PlanBudgetLine, PlanEvent, PlanInstalment, PlanLimit, PlanTerms


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
