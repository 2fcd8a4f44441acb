"""How loans stand: as of the last refresh, and at each month end."""

from django.contrib import admin

from borrowers.admin.filters import OwnBucketFilter
from borrowers.admin.ledger import LoanEntryAdmin
from borrowers.models import Delinquency, MonthEndSnapshot

FIGURES = ("loan", "as_of", "days_past_due", "bucket", "overdue_amount", "outstanding_principal_amount")


class FiguresAdmin(LoanEntryAdmin):
    list_filter = (OwnBucketFilter,)


@admin.register(Delinquency)
class DelinquencyAdmin(FiguresAdmin):
    list_display = (*FIGURES, "last_paid_on")
    ordering = ("pk",)


@admin.register(MonthEndSnapshot)
class MonthEndSnapshotAdmin(FiguresAdmin):
    list_display = (*FIGURES, "known_at")
