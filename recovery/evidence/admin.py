"""Periods of keeping, which two people set; holds, requests, decisions and seals, which the admin only shows."""

from django.contrib import admin

from creditpath.admin_lists import ReadOnlyAdmin
from recovery.contacts.admin import RuleVersionAdmin
from recovery.models import ErasureDecision, ErasureRequest, EvidenceSeal, LegalHold, RetentionPeriod


@admin.register(RetentionPeriod)
class RetentionPeriodAdmin(RuleVersionAdmin):
    list_display = ("__str__", "months", "basis", "source", "effective_from", "standing")
    list_filter = ("basis", ("approved_at", admin.EmptyFieldListFilter))
    list_select_related = ("jurisdiction", "drafted_by", "approved_by")
    search_fields = ("jurisdiction__code__istartswith", "jurisdiction__name", "source")
    numbered_by = ("jurisdiction",)


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyAdmin):
    list_display = ("id", "borrower", "reason", "lifts", "set_by", "booked_at")
    list_select_related = ("borrower", "lifts", "set_by")
    search_fields = ("borrower__external_id__startswith",)


@admin.register(ErasureRequest)
class ErasureRequestAdmin(ReadOnlyAdmin):
    list_display = ("id", "borrower", "origin", "received_on", "requested_by", "booked_at")
    list_filter = ("origin",)
    list_select_related = ("borrower", "requested_by")
    search_fields = ("borrower__external_id__startswith",)


@admin.register(ErasureDecision)
class ErasureDecisionAdmin(ReadOnlyAdmin):
    list_display = ("request", "is_approved", "through_number", "reason", "decided_by", "booked_at")
    list_filter = ("is_approved",)
    list_select_related = ("request", "decided_by")


@admin.register(EvidenceSeal)
class EvidenceSealAdmin(ReadOnlyAdmin):
    list_display = ("id", "sealed_at", "n_events", "digest")
    fields = ("sealed_at", "n_events", "digest")

    @admin.display(description="SHA-256")
    def digest(self, seal: EvidenceSeal) -> str:
        return bytes(seal.sha256).hex()
