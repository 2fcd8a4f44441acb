"""Borrowers, how they can be reached, what they agreed to, and who answers beside them."""

from django.contrib import admin

from borrowers.admin.filters import OwnTeamFilter
from borrowers.models import Borrower, Consent, ContactPoint, Loan, LoanParty
from creditpath.admin_lists import LargeTableAdmin, ReadOnlyAdmin, ReadOnlyInline, show_mapping


class ContactPointInline(admin.TabularInline):
    model = ContactPoint
    extra = 0
    can_delete = False


class LoanInline(ReadOnlyInline):
    model = Loan
    fields = readonly_fields = (
        "external_id",
        "product",
        "currency",
        "principal_amount",
        "approved_on",
    )
    ordering = ("-approved_on",)


@admin.register(Borrower)
class BorrowerAdmin(LargeTableAdmin):
    list_display = ("external_id", "full_name", "team", "jurisdiction", "time_zone", "is_simulated", "created_at")
    list_filter = (OwnTeamFilter, "is_simulated")
    list_select_related = ("team",)
    search_fields = ("external_id__startswith", "full_name__istartswith")
    search_help_text = "The lender's number or the name, from its beginning."
    readonly_fields = ("external_id", "attributes_shown", "is_simulated", "created_at")
    exclude = ("attributes",)
    autocomplete_fields = ("team",)
    inlines = (ContactPointInline, LoanInline)

    @admin.display(description="the lender's columns")
    def attributes_shown(self, borrower: Borrower) -> str:
        return show_mapping(borrower.attributes)


@admin.register(ContactPoint)
class ContactPointAdmin(LargeTableAdmin):
    list_display = ("borrower", "kind", "value", "is_preferred", "verified_on", "opted_out_on")
    list_filter = ("kind", "is_preferred")
    list_select_related = ("borrower",)
    search_fields = ("value__startswith", "borrower__external_id__startswith")
    autocomplete_fields = ("borrower",)


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("contact_point", "channel", "is_given", "source", "happened_at", "booked_at", "recorded_by")
    list_filter = ("channel", "is_given")
    list_select_related = ("contact_point", "recorded_by")
    search_fields = ("contact_point__value__startswith", "contact_point__borrower__external_id__startswith")
    ordering = ("-id",)


@admin.register(LoanParty)
class LoanPartyAdmin(LargeTableAdmin):
    list_display = ("loan", "person", "role", "authority", "since", "until")
    list_filter = ("role",)
    list_select_related = ("loan", "person")
    search_fields = ("loan__external_id__startswith", "person__external_id__startswith")
    autocomplete_fields = ("loan", "person")
    ordering = ("-id",)
