"""The books over REST: read what the user may see, enter payments and take them back."""

from typing import Any

import django_filters as filters
from django.db.models import OuterRef, Subquery
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from borrowers.models import Borrower, Bucket, ContactPoint, Delinquency, ImportRun, Loan, LoanEvent, Payment, Promise
from borrowers.services import record_payment, reverse_payment
from creditpath.api import IdempotentCreateMixin
from creditpath.resources import ObjectField, PersonalFieldsMixin, ReadResource, StrictSerializer, WholeNumberFilter

MONEY: dict[str, Any] = {"max_digits": 14, "decimal_places": 2}


# --- borrowers ----------------------------------------------------------------------------------------------------------
class ContactPointSerializer(serializers.ModelSerializer[ContactPoint]):
    class Meta:
        model = ContactPoint
        fields = ["kind", "value", "is_preferred", "verified_on", "opted_out_on"]


class BorrowerSerializer(PersonalFieldsMixin, serializers.ModelSerializer[Borrower]):
    personal_fields = ("full_name", "birth_date", "household", "attributes", "contact_points")

    full_name = serializers.CharField(read_only=True, allow_null=True)
    household = serializers.CharField(read_only=True, allow_null=True)
    attributes = ObjectField(read_only=True, allow_null=True)
    contact_points = ContactPointSerializer(many=True, read_only=True, allow_null=True)

    class Meta:
        model = Borrower
        fields = [
            "id", "external_id", "full_name", "birth_date", "language", "time_zone", "jurisdiction", "household", "team",
            "attributes", "contact_points", "is_simulated", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class BorrowerFilter(filters.FilterSet):
    external_id = filters.CharFilter()
    team = WholeNumberFilter(field_name="team_id")
    jurisdiction = filters.CharFilter()

    class Meta:
        model = Borrower
        fields: list[str] = []


class BorrowerViewSet(ReadResource):
    """People and firms that owe. Roles without personal data get null for names, contact points and the lender's columns."""

    queryset = Borrower.objects.prefetch_related("contact_points")
    serializer_class = BorrowerSerializer
    filterset_class = BorrowerFilter


# --- loans --------------------------------------------------------------------------------------------------------------
class DelinquencySerializer(serializers.ModelSerializer[Delinquency]):
    class Meta:
        model = Delinquency
        fields = [
            "as_of", "days_past_due", "bucket", "is_flagged", "instalments_past_due", "oldest_unpaid_due_on",
            "overdue_amount", "overdue_principal_amount", "outstanding_principal_amount", "outstanding_amount",
            "paid_amount", "in_flight_amount", "last_paid_on", "last_paid_amount", "next_due_on", "next_due_amount",
            "is_placed", "is_bankrupt", "measured_on", "refreshed_at",
        ]  # fmt: skip
        read_only_fields = fields


class LoanSerializer(PersonalFieldsMixin, serializers.ModelSerializer[Loan]):
    personal_fields = ("attributes",)

    product: Any = serializers.SlugRelatedField("code", read_only=True)
    attributes = ObjectField(read_only=True, allow_null=True)
    written_off_on = serializers.DateField(read_only=True, allow_null=True)
    delinquency = DelinquencySerializer(
        read_only=True, allow_null=True, help_text="The figures of the last refresh; null where there was none."
    )

    class Meta:
        model = Loan
        fields = [
            "id", "external_id", "borrower", "product", "currency", "principal_amount", "annual_interest_ratio",
            "term_days", "approved_on", "approved_at", "written_off_on", "attributes", "booked_at", "delinquency",
        ]  # fmt: skip
        read_only_fields = fields


class LoanFilter(filters.FilterSet):
    external_id = filters.CharFilter()
    borrower = WholeNumberFilter(field_name="borrower_id")
    team = WholeNumberFilter(field_name="borrower__team_id")
    product = filters.CharFilter(field_name="product__code")
    currency = filters.CharFilter()
    bucket = filters.ChoiceFilter(field_name="delinquency__bucket", choices=Bucket.choices)
    min_days_past_due = WholeNumberFilter(field_name="delinquency__days_past_due", lookup_expr="gte")
    max_days_past_due = WholeNumberFilter(field_name="delinquency__days_past_due", lookup_expr="lte")
    approved_from = filters.DateFilter(field_name="approved_on", lookup_expr="gte")
    approved_until = filters.DateFilter(field_name="approved_on", lookup_expr="lte")

    class Meta:
        model = Loan
        fields: list[str] = []


LAST_WRITE_OFF = (
    LoanEvent.objects.filter(loan=OuterRef("pk"), kind=LoanEvent.Kind.WRITTEN_OFF, revoked_by__isnull=True)
    .order_by("-effective_on", "-id")
    .values("effective_on")[:1]
)


class LoanViewSet(ReadResource):
    """Loans with their delinquency as of the last refresh. Ordering by a figure leaves out loans that have none."""

    queryset = Loan.objects.annotate(written_off_on=Subquery(LAST_WRITE_OFF)).select_related("product", "delinquency")
    serializer_class = LoanSerializer
    filterset_class = LoanFilter
    orderings = {
        "id": "pk",
        "days_past_due": "-delinquency__late_since",
        "overdue_amount": "delinquency__overdue_amount",
    }


# --- payments -----------------------------------------------------------------------------------------------------------
class PaymentSerializer(serializers.ModelSerializer[Payment]):
    currency = serializers.CharField(source="loan.currency", read_only=True)
    reversed_by = serializers.SerializerMethodField()
    recorded_by: Any = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = Payment
        fields = [
            "id", "external_id", "loan", "amount", "currency", "effective_on", "booked_at", "channel", "reverses",
            "reversed_by", "recorded_by",
        ]  # fmt: skip
        read_only_fields = fields

    def get_reversed_by(self, payment: Payment) -> int | None:
        """Answer the id of the entry that takes this one back."""
        return payment.reversed_by.pk if hasattr(payment, "reversed_by") else None


class VisibleLoanField(serializers.PrimaryKeyRelatedField):
    """A loan within the user's reach; another one does not exist for them."""

    def __init__(self, **options: Any) -> None:
        if not options.get("read_only"):
            options.setdefault("queryset", Loan.objects.all())
        super().__init__(pk_field=serializers.IntegerField(min_value=1, max_value=2**63 - 1), **options)

    def get_queryset(self) -> Any:
        return Loan.objects.visible_to(self.context["request"].user)


class NewPaymentSerializer(StrictSerializer):
    loan = VisibleLoanField()
    amount = serializers.DecimalField(min_value=0, **MONEY)
    effective_on = serializers.DateField(required=False, help_text="By default the business date.")
    channel = serializers.ChoiceField(Payment.Channel.choices, required=False)
    external_id = serializers.CharField(required=False, max_length=80, help_text="Your reference; taken once.")


class ReversalSerializer(StrictSerializer):
    effective_on = serializers.DateField(required=False, help_text="By default the business date.")


class PaymentFilter(filters.FilterSet):
    loan = WholeNumberFilter(field_name="loan_id")
    external_id = filters.CharFilter()
    channel = filters.ChoiceFilter(choices=Payment.Channel.choices)
    effective_from = filters.DateFilter(field_name="effective_on", lookup_expr="gte")
    effective_until = filters.DateFilter(field_name="effective_on", lookup_expr="lte")
    booked_from = filters.IsoDateTimeFilter(field_name="booked_at", lookup_expr="gte")

    class Meta:
        model = Payment
        fields: list[str] = []


class PaymentViewSet(IdempotentCreateMixin, ReadResource):
    """Entries of the ledger. They are never changed: a mistake is reversed by a new entry."""

    queryset = Payment.objects.select_related("loan", "recorded_by", "reversed_by")
    serializer_class = PaymentSerializer
    filterset_class = PaymentFilter
    orderings = {"id": "pk", "effective_on": "effective_on"}

    @extend_schema(request=NewPaymentSerializer, responses={201: PaymentSerializer})
    def create(self, request: Request) -> Response:
        """Enter money that came in; the loan's days past due and score follow after the commit."""
        entered = NewPaymentSerializer(data=request.data, context=self.get_serializer_context())
        entered.is_valid(raise_exception=True)
        payment = record_payment(recorded_by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return Response(self.get_serializer(payment).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ReversalSerializer, responses={201: PaymentSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def reverse(self, request: Request, pk: int) -> Response:
        """Take a payment back with a new entry of the negated amount."""
        entered = ReversalSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        reversal = reverse_payment(payment=self.get_object(), recorded_by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return Response(self.get_serializer(reversal).data, status=status.HTTP_201_CREATED)


# --- promises and imports -----------------------------------------------------------------------------------------------
class PromiseSerializer(serializers.ModelSerializer[Promise]):
    currency = serializers.CharField(source="loan.currency", read_only=True)

    class Meta:
        model = Promise
        fields = [
            "id", "external_id", "loan", "amount", "currency", "made_on", "due_on", "booked_at", "contact_event",
        ]  # fmt: skip
        read_only_fields = fields


class PromiseFilter(filters.FilterSet):
    loan = WholeNumberFilter(field_name="loan_id")
    borrower = WholeNumberFilter(field_name="loan__borrower_id")
    made_from = filters.DateFilter(field_name="made_on", lookup_expr="gte")
    due_from = filters.DateFilter(field_name="due_on", lookup_expr="gte")
    due_until = filters.DateFilter(field_name="due_on", lookup_expr="lte")

    class Meta:
        model = Promise
        fields: list[str] = []


class PromiseViewSet(ReadResource):
    """Promises to pay. One is taken with the action in which it was made; whether it was kept is found from payments."""

    queryset = Promise.objects.select_related("loan")
    serializer_class = PromiseSerializer
    filterset_class = PromiseFilter
    orderings = {"id": "pk", "due_on": "due_on"}


class ImportRunSerializer(serializers.ModelSerializer[ImportRun]):
    tables = ObjectField(read_only=True)
    started_by: Any = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = ImportRun
        fields = [
            "id", "source_name", "source_sha256", "state", "started_at", "finished_at", "started_by", "n_read",
            "n_rejected", "tables", "error",
        ]  # fmt: skip
        read_only_fields = fields


class ImportRunFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=ImportRun.State.choices)
    source_sha256 = filters.CharFilter()

    class Meta:
        model = ImportRun
        fields: list[str] = []


class ImportRunViewSet(ReadResource):
    """What was imported, when, by whom, and how many rows were refused."""

    queryset = ImportRun.objects.select_related("started_by").defer("mapping")
    serializer_class = ImportRunSerializer
    filterset_class = ImportRunFilter
    default_ordering = "-id"
