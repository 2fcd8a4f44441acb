"""Proposals and decisions in the admin, where nothing is changed."""

from django.contrib import admin

from creditpath.admin_lists import ReadOnlyAdmin
from recovery.models import LoanProposal, LoanProposalDecision


@admin.register(LoanProposal)
class LoanProposalAdmin(ReadOnlyAdmin):
    list_display = ("loan", "kind", "amount", "counterparty", "reason", "proposed_by", "booked_at")
    list_filter = ("kind",)
    list_select_related = ("loan", "proposed_by")
    search_fields = ("loan__external_id__startswith",)


@admin.register(LoanProposalDecision)
class LoanProposalDecisionAdmin(ReadOnlyAdmin):
    list_display = ("proposal", "is_approved", "reason", "decided_by", "booked_at")
    list_filter = ("is_approved",)
    list_select_related = ("proposal", "decided_by")
