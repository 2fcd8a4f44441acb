"""The register in the admin, where nothing is changed, and the periods for answers, which are."""

from django.contrib import admin

from creditpath.admin_lists import ReadOnlyAdmin
from recovery.models import AnswerPeriod, Grievance, GrievanceAnswer


@admin.register(AnswerPeriod)
class AnswerPeriodAdmin(admin.ModelAdmin):
    list_display = ("kind", "jurisdiction", "days", "effective_from", "source")
    list_filter = ("kind",)
    list_select_related = ("jurisdiction",)


@admin.register(Grievance)
class GrievanceAdmin(ReadOnlyAdmin):
    list_display = ("kind", "borrower", "subject", "channel", "received_on", "answer_due_on", "recorded_by")
    list_filter = ("kind", "subject", "channel")
    list_select_related = ("borrower", "recorded_by")
    search_fields = ("borrower__external_id__startswith", "borrower__full_name__istartswith")


@admin.register(GrievanceAnswer)
class GrievanceAnswerAdmin(ReadOnlyAdmin):
    list_display = ("grievance", "outcome", "redress_amount", "answered_on", "answered_by")
    list_filter = ("outcome",)
    list_select_related = ("grievance", "answered_by")
