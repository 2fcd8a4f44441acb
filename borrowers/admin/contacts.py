"""What was said to borrowers, and what they promised."""

from django.contrib import admin

from borrowers.admin.ledger import LoanEntryAdmin
from borrowers.models import ContactCost, ContactEvent, Promise, PromiseRule
from creditpath.admin_lists import DatedRowAdmin, ReadOnlyAdmin


@admin.register(ContactEvent)
class ContactEventAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "borrower",
        "channel",
        "outcome",
        "reached_borrower",
        "effective_on",
        "follow_up_on",
        "agent",
        "corrects",
    )
    list_filter = ("channel", "outcome", "reached_borrower")
    list_select_related = ("borrower", "agent", "corrects")
    search_fields = ("borrower__external_id__startswith", "loan__external_id__startswith")
    ordering = ("-id",)


@admin.register(Promise)
class PromiseAdmin(LoanEntryAdmin):
    list_display = ("loan", "amount", "made_on", "due_on", "booked_at")


@admin.register(ContactCost)
class ContactCostAdmin(admin.ModelAdmin):
    list_display = ("channel", "currency", "cost_amount", "minute_amount", "since")
    list_filter = ("channel", "currency")


@admin.register(PromiseRule)
class PromiseRuleAdmin(DatedRowAdmin):
    list_display = ("effective_from", "grace_days", "kept_ratio", "set_by")
    list_select_related = ("set_by",)
