"""Alerts in the admin: their rules are changed there, what they found is not."""

from django.contrib import admin

from creditpath.admin_lists import ReadOnlyAdmin
from recovery.models import Alert, AlertAcknowledgement, AlertRule


@admin.register(AlertRule)
class AlertRuleAdmin(admin.ModelAdmin):
    list_display = ("title", "threshold", "unit", "is_on")
    readonly_fields = ("name", "unit")


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("as_of", "rule", "value", "threshold", "detail")
    list_filter = ("rule",)
    list_select_related = ("rule",)


@admin.register(AlertAcknowledgement)
class AlertAcknowledgementAdmin(ReadOnlyAdmin):
    list_display = ("alert", "note", "acknowledged_by", "booked_at")
    list_select_related = ("alert__rule", "acknowledged_by")
