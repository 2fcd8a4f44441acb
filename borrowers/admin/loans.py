"""Products, and loans with how they stand."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import number_format

from borrowers.admin.filters import BucketFilter, CurrencyFilter, ProductFilter, TeamFilter
from borrowers.models import Instalment, Loan, LoanEvent, Payment, Product
from creditpath.admin_lists import ReadOnlyAdmin, ReadOnlyInline, show_mapping
from creditpath.exports.cells import Column


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "kind", "tolerance_amount", "settlement_order", "unpaid_fees_age", "grace_days")
    search_fields = ("code", "name")


class InstalmentInline(ReadOnlyInline):
    model = Instalment
    fields = readonly_fields = ("schedule", "number", "due_on", "principal_amount", "interest_amount", "fee_amount")
    ordering = ("-schedule__version", "number")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("schedule__loan")


class PaymentInline(ReadOnlyInline):
    model = Payment
    fields = readonly_fields = ("effective_on", "booked_at", "amount", "channel", "reverses", "external_id")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("reverses")


class LoanEventInline(ReadOnlyInline):
    model = LoanEvent
    fields = readonly_fields = ("effective_on", "booked_at", "kind", "amount", "counterparty", "revokes")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("revokes")


class LoanList(ChangeList):
    """Ordered by a figure, the list is of loans that have figures: only then can an index of the figures give the order."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        queryset = super().get_queryset(request, exclude_parameters)
        if any(str(column).lstrip("-").startswith("delinquency__") for column in queryset.query.order_by):
            return queryset.filter(delinquency__isnull=False)
        return queryset


@admin.register(Loan)
class LoanAdmin(ReadOnlyAdmin):
    """Loans with how they stand; their scores are added by the app that gives them."""

    list_display: tuple[str, ...] = (
        "external_id",
        "borrower",
        "product",
        "days_past_due",
        "bucket",
        "overdue_amount",
        "outstanding_principal_amount",
        "approved_on",
    )
    list_filter: ClassVar[tuple[Any, ...]] = (BucketFilter, ProductFilter, TeamFilter, CurrencyFilter)
    list_select_related = ("borrower", "product", "delinquency")
    search_fields = ("external_id__startswith", "borrower__external_id__startswith", "borrower__full_name__istartswith")
    search_help_text = "The lender's number of the loan or borrower, or the name, from its beginning."
    fields: ClassVar[tuple[Any, ...]] = (
        ("external_id", "borrower", "product"), ("currency", "principal_amount", "annual_interest_ratio", "term_days"),
        ("approved_on", "approved_at", "booked_at"),
        ("days_past_due", "bucket"), ("overdue_amount", "outstanding_principal_amount", "outstanding_amount", "paid_amount"),
        ("last_paid_on", "next_due_on", "stands_at"), "attributes_shown",
    )  # fmt: skip
    inlines = (LoanEventInline, InstalmentInline, PaymentInline)
    export_columns: ClassVar[tuple[Column, ...]] = (
        ("loan", lambda loan: loan.external_id),
        ("borrower", lambda loan: loan.borrower.external_id),
        ("name", lambda loan: loan.borrower.full_name),
        ("product", lambda loan: loan.product.code),
        ("currency", lambda loan: loan.currency),
        ("principal", lambda loan: loan.principal_amount),
        ("approved on", lambda loan: loan.approved_on),
        ("as of", lambda loan: _figure(loan, "as_of")),
        ("days past due", lambda loan: _figure(loan, "days_past_due")),
        ("bucket", lambda loan: _figure(loan, "bucket")),
        ("overdue", lambda loan: _figure(loan, "overdue_amount")),
        ("outstanding principal", lambda loan: _figure(loan, "outstanding_principal_amount")),
        ("simulated", lambda loan: "yes" if loan.borrower.is_simulated else "no"),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LoanList

    @admin.display(description="days late", ordering="-delinquency__late_since")
    def days_past_due(self, loan: Loan) -> int | None:
        return _figure(loan, "days_past_due")

    @admin.display(description="bucket", ordering="delinquency__bucket")
    def bucket(self, loan: Loan) -> str | None:
        return loan.delinquency.get_bucket_display() if hasattr(loan, "delinquency") else None

    @admin.display(description="overdue", ordering="delinquency__overdue_amount")
    def overdue_amount(self, loan: Loan) -> str | None:
        return _money(loan, "overdue_amount")

    @admin.display(description="outstanding principal", ordering="delinquency__outstanding_principal_amount")
    def outstanding_principal_amount(self, loan: Loan) -> str | None:
        return _money(loan, "outstanding_principal_amount")

    @admin.display(description="outstanding in all")
    def outstanding_amount(self, loan: Loan) -> str | None:
        return _money(loan, "outstanding_amount")

    @admin.display(description="paid so far")
    def paid_amount(self, loan: Loan) -> str | None:
        return _money(loan, "paid_amount")

    @admin.display(description="last paid on")
    def last_paid_on(self, loan: Loan) -> Any:
        return _figure(loan, "last_paid_on")

    @admin.display(description="next due on")
    def next_due_on(self, loan: Loan) -> Any:
        return _figure(loan, "next_due_on")

    @admin.display(description="figures stand at")
    def stands_at(self, loan: Loan) -> Any:
        return _figure(loan, "as_of")

    @admin.display(description="the lender's columns")
    def attributes_shown(self, loan: Loan) -> str:
        return show_mapping(loan.attributes)

    def view_on_site(self, loan: Loan) -> str:
        """Lead to the page that derives the figures line by line."""
        return reverse("borrowers:loan", args=[loan.pk])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [name for row in self.fields for name in ([row] if isinstance(row, str) else row)]


def _figure(loan: Loan, name: str) -> Any:
    """Return one of the figures of the last refresh, None where there was none."""
    return getattr(loan.delinquency, name) if hasattr(loan, "delinquency") else None


def _money(loan: Loan, name: str) -> str | None:
    amount = _figure(loan, name)
    return None if amount is None else f"{loan.currency} {number_format(amount, 2, use_l10n=True, force_grouping=True)}"
