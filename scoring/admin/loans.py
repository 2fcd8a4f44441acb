"""The scores in the admin of loans."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from borrowers.admin import LoanAdmin
from borrowers.models import Loan
from creditpath.exports.cells import Column
from scoring.models import (
    Purpose,
    Score,
    Tier,
)

admin.site.unregister(Loan)


def newest_score() -> QuerySet:
    """Return the newest published score of the outer loan, for a subquery; models of payment within 30 days say no risk."""
    return (
        Score.objects.published()
        .filter(loan=OuterRef("pk"))
        .exclude(run__model__purpose=Purpose.PAYS_30)
        .order_by("-id")
    )


class TierFilter(admin.SimpleListFilter):
    title = "risk tier"
    parameter_name = "tier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*((tier.value, tier.label) for tier in Tier), ("none", "no score")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case None:
                return queryset
            case "none":
                return queryset.filter(~Exists(newest_score()))
            case tier:
                return queryset.alias(filtered_tier=Subquery(newest_score().values("tier")[:1])).filter(
                    filtered_tier=tier
                )


@admin.register(Loan)
class ScoredLoanAdmin(LoanAdmin):
    """Loans with how they stand and their newest score."""

    list_display = (*LoanAdmin.list_display[:-1], "tier", "pd", LoanAdmin.list_display[-1])
    list_filter = (*LoanAdmin.list_filter, TierFilter)
    fields = (*LoanAdmin.fields, ("tier", "pd"))
    export_columns: ClassVar[tuple[Column, ...]] = (
        *LoanAdmin.export_columns,
        ("risk tier", lambda loan: loan.newest_tier),
        ("probability of default", lambda loan: loan.newest_pd),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super()
            .get_queryset(request)
            .annotate(
                newest_tier=Subquery(newest_score().values("tier")[:1]),
                newest_pd=Subquery(newest_score().values("pd")[:1]),
            )
        )

    @admin.display(description="risk tier")
    def tier(self, loan: Any) -> str | None:
        return str(Tier(loan.newest_tier).label) if loan.newest_tier else None

    @admin.display(description="PD")
    def pd(self, loan: Any) -> str | None:
        return None if loan.newest_pd is None else f"{loan.newest_pd:.1%}"
