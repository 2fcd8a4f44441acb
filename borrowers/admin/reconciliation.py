"""What comparisons with the core system found."""

import re
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from borrowers.models import Reconciliation, ReconciliationDifference
from borrowers.reconciling.causes import AGREES, WORDS
from borrowers.reconciling.services import words_of
from creditpath.admin_lists import ReadOnlyAdmin, show_mapping


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    list_display = ("id", "source_name", "as_of", "n_core", "n_agreeing", "n_unexplained", "made_at", "made_by")
    list_select_related = ("made_by",)
    search_fields = ("source_name", "source_sha256__startswith")
    fields = (
        "source_name", "source_sha256", "as_of", "known_at", "made_at", "made_by", "n_core", "n_agreeing", "n_unexplained",
        "totals_shown",
    )  # fmt: skip

    @admin.display(description="control totals")
    def totals_shown(self, run: Reconciliation) -> str:
        return show_mapping({total["currency"] or "unknown loans": total for total in run.totals})


class CauseFilter(admin.SimpleListFilter):
    title = "cause"
    parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, words) for code, words in WORDS.items() if code != AGREES]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        cause = self.value()
        return queryset if cause is None else queryset.filter(cause__regex=rf"(^|\+){re.escape(cause)}(\+|$)")


@admin.register(ReconciliationDifference)
class ReconciliationDifferenceAdmin(ReadOnlyAdmin):
    list_display = (
        "loan_reference", "reconciliation", "core_days_past_due", "our_days_past_due", "core_balance_amount",
        "our_balance_amount", "cause_in_words", "explanation",
    )  # fmt: skip
    list_filter = (CauseFilter,)
    list_select_related = ("reconciliation",)
    search_fields = ("loan_reference__startswith", "reconciliation__id")
    ordering = ("-id",)

    @admin.display(description="cause")
    def cause_in_words(self, one: ReconciliationDifference) -> str:
        return words_of(one.cause)
