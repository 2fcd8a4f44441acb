"""Disputes and complaints over REST: enter them from a portal or a mailbox, read how they stand, answer them."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from creditpath.api import IdempotentCreateMixin
from creditpath.resources import ReadResource, StrictSerializer, WholeNumberFilter
from recovery.contacts.api import LoanInReachField, PersonField
from recovery.grievances.services import answer_grievance, record_grievance
from recovery.models import Grievance, GrievanceAnswer


class GrievanceAnswerSerializer(serializers.ModelSerializer[GrievanceAnswer]):
    answered_by: Any = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = GrievanceAnswer
        fields = ["outcome", "text", "cause", "redress_amount", "answered_on", "answered_by", "booked_at"]
        read_only_fields = fields


class GrievanceSerializer(serializers.ModelSerializer[Grievance]):
    recorded_by: Any = serializers.SlugRelatedField("username", read_only=True)
    answer = GrievanceAnswerSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Grievance
        fields = [
            "id", "borrower", "loan", "kind", "subject", "channel", "text", "received_on", "answer_due_on",
            "contact_event", "recorded_by", "booked_at", "answer",
        ]  # fmt: skip
        read_only_fields = fields


class NewGrievanceSerializer(StrictSerializer):
    borrower = PersonField()
    kind = serializers.ChoiceField(Grievance.Kind.choices)
    subject = serializers.ChoiceField(Grievance.Subject.choices)
    channel = serializers.ChoiceField(Grievance.Channel.choices)
    text = serializers.CharField(max_length=5000, help_text="In their own words.")
    loan = LoanInReachField(required=False, help_text="By default no single one.")
    received_on = serializers.DateField(required=False, help_text="By default the business date.")


class NewAnswerSerializer(StrictSerializer):
    outcome = serializers.ChoiceField(GrievanceAnswer.Outcome.choices)
    text = serializers.CharField(max_length=5000, help_text="The exact answer they were given.")
    cause = serializers.CharField(max_length=300, required=False)
    redress_amount = serializers.DecimalField(max_digits=18, decimal_places=2, min_value=0, required=False)


class GrievanceFilter(filters.FilterSet):
    borrower = WholeNumberFilter(field_name="borrower_id")
    kind = filters.ChoiceFilter(choices=Grievance.Kind.choices)
    is_open = filters.BooleanFilter(field_name="answer", lookup_expr="isnull")
    due_until = filters.DateFilter(field_name="answer_due_on", lookup_expr="lte")

    class Meta:
        model = Grievance
        fields: list[str] = []


class GrievanceViewSet(IdempotentCreateMixin, ReadResource):
    """What borrowers contest or complain of. A dispute stops contacts about its debt until it is answered."""

    queryset = Grievance.objects.select_related("recorded_by", "answer__answered_by")
    serializer_class = GrievanceSerializer
    filterset_class = GrievanceFilter
    default_ordering = "-id"

    @extend_schema(request=NewGrievanceSerializer, responses={201: GrievanceSerializer})
    def create(self, request: Request) -> Response:
        """Enter a dispute or a complaint; the day by which it is answered comes back."""
        entered = NewGrievanceSerializer(data=request.data, context=self.get_serializer_context())
        entered.is_valid(raise_exception=True)
        row = record_grievance(recorded_by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NewAnswerSerializer, responses={201: GrievanceSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def answer(self, request: Request, pk: int) -> Response:
        """Keep the decision and the answer that was given, once."""
        entered = NewAnswerSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        answer_grievance(grievance=self.get_object(), answered_by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return Response(self.get_serializer(self.get_object()).data, status=status.HTTP_201_CREATED)
