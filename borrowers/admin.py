"""The books in the admin. The ledger can be read, payments can be entered and reversed, and nothing of it is changed."""

from collections.abc import Iterable
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import number_format

from borrowers.models import (
    AttributeDefinition,
    BalanceSnapshot,
    Borrower,
    Bucket,
    BusinessDate,
    Charge,
    Collateral,
    Consent,
    ContactEvent,
    ContactPoint,
    Delinquency,
    ImportRun,
    Instalment,
    Loan,
    LoanEvent,
    LoanParty,
    MonthEndSnapshot,
    Payment,
    Product,
    Promise,
    ScheduleVersion,
    Statement,
)
from borrowers.querysets import ARREARS_BUCKETS
from borrowers.services import get_business_date, record_payment, reverse_payment
from creditpath.accounts.models import Team
from creditpath.admin_lists import (
    Column,
    LargeTableAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    ask_before,
    show_mapping,
    stream_csv,
)
from creditpath.errors import DomainError

MAX_REVERSALS = 50


# --- filters: their parameters are part of our addresses, since the dashboard links to them ------------------------------
class BucketFilter(admin.SimpleListFilter):
    title = "bucket"
    parameter_name = "bucket"
    path = "delinquency__bucket"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("owing", "all that owe"),
            ("late", "all that are late"),
            *((bucket.value, bucket.label) for bucket in Bucket),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case "owing":
                return queryset.filter(**{f"{self.path}__in": ["current", *ARREARS_BUCKETS]})
            case "late":
                return queryset.filter(**{f"{self.path}__in": ARREARS_BUCKETS})
            case str(bucket) if bucket in Bucket.values:
                return queryset.filter(**{self.path: bucket})
            case None:
                return queryset
        return queryset.none()


class OwnBucketFilter(BucketFilter):
    path = "bucket"


class ProductFilter(admin.SimpleListFilter):
    title = "product"
    parameter_name = "product"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(product.pk), product.name) for product in Product.objects.all()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return _narrowed(queryset, "product_id", self.value(), self.lookup_choices)


class TeamFilter(admin.SimpleListFilter):
    title = "team"
    parameter_name = "team"
    path = "borrower__team_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(team.pk), team.name) for team in Team.objects.all()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return _narrowed(queryset, self.path, self.value(), self.lookup_choices)


class OwnTeamFilter(TeamFilter):
    path = "team_id"


class CurrencyFilter(admin.SimpleListFilter):
    title = "currency"
    parameter_name = "currency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        codes = Loan.objects.order_by("currency").values_list("currency", flat=True).distinct()
        return [(code, code) for code in codes]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return _narrowed(queryset, "currency", self.value(), self.lookup_choices)

    def has_output(self) -> bool:
        """Stay, with a single currency too: the dashboard's links name it."""
        return bool(self.lookup_choices)


def _narrowed(queryset: QuerySet, path: str, value: str | None, choices: Iterable[tuple[str, Any]]) -> QuerySet:
    """Filter by a choice; one that is not offered finds nothing, rather than everything."""
    if value is None:
        return queryset
    return queryset.filter(**{path: value}) if value in {str(key) for key, _ in choices} else queryset.none()


# --- people ---------------------------------------------------------------------------------------------------------------
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
        "written_off_on",
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


# --- the ledger -----------------------------------------------------------------------------------------------------------
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
        ("approved_on", "approved_at", "written_off_on", "booked_at"),
        ("days_past_due", "bucket"), ("overdue_amount", "outstanding_principal_amount", "outstanding_amount", "paid_amount"),
        ("last_paid_on", "next_due_on", "stands_at"), "attributes_shown",
    )  # fmt: skip
    inlines = (InstalmentInline, PaymentInline)
    actions = ("export_csv",)
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
    )

    @admin.display(description="days late", ordering="delinquency__days_past_due")
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

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [name for row in self.fields for name in ([row] if isinstance(row, str) else row)]

    @admin.action(description="Export the selected loans as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        return stream_csv(rows=queryset, columns=self.export_columns, filename="loans.csv")  # type: ignore[return-value]


def _figure(loan: Loan, name: str) -> Any:
    """Return one of the figures of the last refresh, None where there was none."""
    return getattr(loan.delinquency, name) if hasattr(loan, "delinquency") else None


def _money(loan: Loan, name: str) -> str | None:
    amount = _figure(loan, name)
    return None if amount is None else f"{loan.currency} {number_format(amount, 2, use_l10n=True, force_grouping=True)}"


class ReversalForm(forms.Form):
    """The day from which a reversal counts."""

    effective_on = forms.DateField(help_text="The day from which it counts; not after the business date.")


@admin.register(Payment)
class PaymentAdmin(LargeTableAdmin):
    """Entered and reversed through the services, so that both clocks are set and the loan's figures and score follow."""

    list_display = (
        "id",
        "loan",
        "amount",
        "effective_on",
        "booked_at",
        "channel",
        "reverses",
        "is_reversed",
        "recorded_by",
    )
    list_filter = ("channel", ("reverses", admin.EmptyFieldListFilter))
    list_select_related = ("loan", "reverses", "reversed_by", "recorded_by")
    search_fields = ("external_id__startswith", "loan__external_id__startswith")
    ordering = ("-id",)
    fields = ("loan", "amount", "effective_on", "channel", "external_id", "booked_at", "reverses", "recorded_by")
    autocomplete_fields = ("loan",)
    actions = ("reverse",)

    @admin.display(description="reversed", boolean=True)
    def is_reversed(self, payment: Payment) -> bool:
        return hasattr(payment, "reversed_by")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else ("loan", "amount", "effective_on", "channel", "external_id")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "effective_on": get_business_date(),
            "channel": Payment.Channel.TRANSFER,
        } | super().get_changeform_initial_data(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Payment, form: Any, change: bool) -> None:
        """Enter the payment; the row that the service wrote takes the place of the form's."""
        entered = record_payment(
            loan=obj.loan,
            amount=obj.amount,
            effective_on=obj.effective_on,
            channel=obj.channel,
            external_id=obj.external_id,
            recorded_by=request.user,  # type: ignore[arg-type]
        )
        obj.__dict__.update(entered.__dict__)

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show what the books refuse on the form, with all that was typed still in it."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            messages.error(request, refusal.detail)
            typed = {name: request.POST[name] for name in self.get_fields(request) if request.POST.get(name)}
            return HttpResponseRedirect(f"{request.path}?{urlencode(typed)}")

    @admin.action(description="Reverse the selected payments…", permissions=["add"])
    def reverse(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Ask for the day, then enter one reversal per payment: all of them or, if one is refused, none."""
        if queryset.count() > MAX_REVERSALS:
            messages.error(request, f"At most {MAX_REVERSALS} payments are reversed at a time.")
            return None
        form = ReversalForm(
            request.POST if "confirmed" in request.POST else None, initial={"effective_on": get_business_date()}
        )
        if form.is_valid():
            try:
                self._reverse_all(request, queryset, form.cleaned_data["effective_on"])
            except DomainError as refusal:
                messages.error(request, refusal.detail)
            return None
        return ask_before(
            self, request, queryset, form=form, title="Reverse payments", button="Reverse",
            explanation="Each payment gets an entry of the negated amount. Both stay in the ledger, and the loan's days past "
            "due and score follow.",
        )  # fmt: skip

    @transaction.atomic
    def _reverse_all(self, request: HttpRequest, queryset: QuerySet, effective_on: Any) -> None:
        payments = list(queryset.select_related(None))
        for payment in payments:
            reverse_payment(payment=payment, effective_on=effective_on, recorded_by=request.user)  # type: ignore[arg-type]
        messages.success(request, f"{len(payments)} reversed.")


@admin.register(ScheduleVersion)
class ScheduleVersionAdmin(ReadOnlyAdmin):
    list_display = ("loan", "version", "reason", "effective_on", "booked_at")
    list_filter = ("reason",)
    list_select_related = ("loan",)
    search_fields = ("loan__external_id__startswith",)
    ordering = ("-id",)


@admin.register(Instalment)
class InstalmentAdmin(ReadOnlyAdmin):
    list_display = ("loan", "schedule", "number", "due_on", "principal_amount", "interest_amount", "fee_amount")
    list_select_related = ("loan", "schedule__loan")
    search_fields = ("loan__external_id__startswith",)
    ordering = ("-id",)


@admin.register(Charge)
class ChargeAdmin(ReadOnlyAdmin):
    list_display = ("loan", "kind", "amount", "effective_on", "booked_at", "waives")
    list_filter = ("kind",)
    list_select_related = ("loan", "waives")
    search_fields = ("loan__external_id__startswith",)
    ordering = ("-id",)


@admin.register(Statement)
class StatementAdmin(ReadOnlyAdmin):
    list_display = (
        "loan",
        "stated_on",
        "due_on",
        "principal_amount",
        "interest_amount",
        "fee_amount",
        "balance_amount",
    )
    list_select_related = ("loan",)
    search_fields = ("loan__external_id__startswith",)
    ordering = ("-id",)


@admin.register(BalanceSnapshot)
class BalanceSnapshotAdmin(ReadOnlyAdmin):
    list_display = ("loan", "as_of", "days_past_due", "outstanding_amount", "overdue_amount", "status", "booked_at")
    list_select_related = ("loan",)
    search_fields = ("loan__external_id__startswith",)
    ordering = ("-id",)


@admin.register(LoanEvent)
class LoanEventAdmin(ReadOnlyAdmin):
    list_display = ("loan", "kind", "amount", "counterparty", "effective_on", "booked_at", "revokes")
    list_filter = ("kind",)
    list_select_related = ("loan", "revokes")
    search_fields = ("loan__external_id__startswith",)
    ordering = ("-id",)


@admin.register(LoanParty)
class LoanPartyAdmin(LargeTableAdmin):
    list_display = ("loan", "person", "role", "authority", "since", "until")
    list_filter = ("role",)
    list_select_related = ("loan", "person")
    search_fields = ("loan__external_id__startswith", "person__external_id__startswith")
    autocomplete_fields = ("loan", "person")
    ordering = ("-id",)


@admin.register(Collateral)
class CollateralAdmin(ReadOnlyAdmin):
    list_display = ("loan", "reference", "kind", "value_amount", "valued_on", "booked_at")
    list_select_related = ("loan",)
    search_fields = ("loan__external_id__startswith", "reference__startswith")
    ordering = ("-id",)


@admin.register(AttributeDefinition)
class AttributeDefinitionAdmin(ReadOnlyAdmin):
    list_display = ("entity", "name", "type", "source_column", "description")
    list_filter = ("entity", "type")
    search_fields = ("name",)


# --- how loans stand ------------------------------------------------------------------------------------------------------
@admin.register(Delinquency)
class DelinquencyAdmin(ReadOnlyAdmin):
    list_display = (
        "loan",
        "as_of",
        "days_past_due",
        "bucket",
        "overdue_amount",
        "outstanding_principal_amount",
        "last_paid_on",
    )
    list_filter = (OwnBucketFilter,)
    list_select_related = ("loan",)
    search_fields = ("loan__external_id__startswith",)
    ordering = ("pk",)


@admin.register(MonthEndSnapshot)
class MonthEndSnapshotAdmin(ReadOnlyAdmin):
    list_display = (
        "loan",
        "as_of",
        "days_past_due",
        "bucket",
        "overdue_amount",
        "outstanding_principal_amount",
        "known_at",
    )
    list_filter = (OwnBucketFilter,)
    list_select_related = ("loan",)
    search_fields = ("loan__external_id__startswith",)
    ordering = ("-id",)


# --- contacts -------------------------------------------------------------------------------------------------------------
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


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("contact_point", "channel", "is_given", "source", "happened_at", "booked_at", "recorded_by")
    list_filter = ("channel", "is_given")
    list_select_related = ("contact_point", "recorded_by")
    search_fields = ("contact_point__value__startswith", "contact_point__borrower__external_id__startswith")
    ordering = ("-id",)


@admin.register(Promise)
class PromiseAdmin(ReadOnlyAdmin):
    list_display = ("loan", "amount", "made_on", "due_on", "booked_at")
    list_select_related = ("loan",)
    search_fields = ("loan__external_id__startswith",)
    ordering = ("-id",)


# --- where the books come from and stand ----------------------------------------------------------------------------------
@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = ("id", "source_name", "state", "n_read", "n_rejected", "started_at", "finished_at", "started_by")
    list_filter = ("state",)
    list_select_related = ("started_by",)
    search_fields = ("source_name", "source_sha256__startswith")
    fields = (
        "source_name", "source_sha256", "state", "started_at", "finished_at", "started_by", "n_read", "n_rejected",
        "counts", "error", "mapping",
    )  # fmt: skip

    @admin.display(description="rows by table")
    def counts(self, run: ImportRun) -> str:
        return show_mapping(run.tables)


@admin.register(BusinessDate)
class BusinessDateAdmin(ReadOnlyAdmin):
    list_display = ("day", "is_frozen", "changed_at")
