"""The ledger's entries beside payments: to be read, and corrected by new entries only."""

from typing import ClassVar

from django.contrib import admin

from borrowers.models import (
    BalanceSnapshot,
    Charge,
    Collateral,
    Instalment,
    LoanEvent,
    SchedulePlan,
    ScheduleVersion,
    Statement,
)
from creditpath.admin_lists import ReadOnlyAdmin


class LoanEntryAdmin(ReadOnlyAdmin):
    """Entries of a loan, the newest first, found by the loan's number."""

    list_select_related: ClassVar[tuple[str, ...]] = ("loan",)
    search_fields: ClassVar[tuple[str, ...]] = ("loan__external_id__startswith",)
    ordering: ClassVar[tuple[str, ...]] = ("-id",)


@admin.register(ScheduleVersion)
class ScheduleVersionAdmin(LoanEntryAdmin):
    list_display = ("loan", "version", "reason", "effective_on", "booked_at")
    list_filter = ("reason",)


@admin.register(SchedulePlan)
class SchedulePlanAdmin(ReadOnlyAdmin):
    list_display = ("schedule", "due_on", "due_cents")
    list_select_related = ("schedule__loan",)
    search_fields = ("schedule__loan__external_id__startswith",)
    ordering = ("-pk",)


@admin.register(Instalment)
class InstalmentAdmin(LoanEntryAdmin):
    list_display = ("loan", "schedule", "number", "due_on", "principal_amount", "interest_amount", "fee_amount")
    list_select_related = ("loan", "schedule__loan")


@admin.register(Charge)
class ChargeAdmin(LoanEntryAdmin):
    list_display = ("loan", "kind", "amount", "effective_on", "booked_at", "waives")
    list_filter = ("kind",)
    list_select_related = ("loan", "waives")


@admin.register(Statement)
class StatementAdmin(LoanEntryAdmin):
    list_display = (
        "loan",
        "stated_on",
        "due_on",
        "principal_amount",
        "interest_amount",
        "fee_amount",
        "balance_amount",
    )


@admin.register(BalanceSnapshot)
class BalanceSnapshotAdmin(LoanEntryAdmin):
    list_display = ("loan", "as_of", "days_past_due", "outstanding_amount", "overdue_amount", "status", "booked_at")


@admin.register(LoanEvent)
class LoanEventAdmin(LoanEntryAdmin):
    list_display = ("loan", "kind", "amount", "counterparty", "effective_on", "booked_at", "revokes")
    list_filter = ("kind",)
    list_select_related = ("loan", "revokes")


@admin.register(Collateral)
class CollateralAdmin(LoanEntryAdmin):
    list_display = ("loan", "reference", "kind", "value_amount", "valued_on", "booked_at")
    search_fields = ("loan__external_id__startswith", "reference__startswith")
