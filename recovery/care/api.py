"""Hardship over REST: whoever works with a borrower writes it down, few read it, and each reading is written down."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from creditpath.api import IdempotentCreateMixin
from creditpath.resources import ReadResource, StrictSerializer, WholeNumberFilter
from recovery.api import VisibleBorrowerField
from recovery.care.services import decide_care, note_reading, open_care_record
from recovery.models import CareDecision, CareRecord


class CareDecisionSerializer(serializers.ModelSerializer[CareDecision]):
    decided_by: Any = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = CareDecision
        fields = ["outcome", "reason", "review_on", "decided_by", "booked_at"]
        read_only_fields = fields


class CareRecordSerializer(serializers.ModelSerializer[CareRecord]):
    opened_by: Any = serializers.SlugRelatedField("username", read_only=True, allow_null=True)
    decisions = CareDecisionSerializer(many=True, read_only=True)

    class Meta:
        model = CareRecord
        fields = ["id", "borrower", "category", "details", "review_on", "hold", "opened_by", "booked_at", "decisions"]
        read_only_fields = fields


class OpenedCareSerializer(serializers.ModelSerializer[CareRecord]):
    """What comes back to who wrote it down: nothing of what was said."""

    class Meta:
        model = CareRecord
        fields = ["id", "borrower", "review_on", "hold"]
        read_only_fields = fields


class NewCareSerializer(StrictSerializer):
    borrower = VisibleBorrowerField()
    category = serializers.ChoiceField(CareRecord.Category.choices)
    details = serializers.CharField(max_length=4000, help_text="What was said.")
    review_on = serializers.DateField(required=False, help_text="By default in 30 days.")


class NewCareDecisionSerializer(StrictSerializer):
    outcome = serializers.ChoiceField(CareDecision.Outcome.choices)
    reason = serializers.CharField(max_length=1000)
    review_on = serializers.DateField(required=False, help_text="Of one that goes on; by default in 30 days.")


class CareFilter(filters.FilterSet):
    borrower = WholeNumberFilter(field_name="borrower_id", required=True)

    class Meta:
        model = CareRecord
        fields: list[str] = []


class CareRecordViewSet(IdempotentCreateMixin, ReadResource):
    """Hardship and vulnerability of one borrower at a time. That somebody read it is written down before it is answered."""

    queryset = CareRecord.objects.select_related("opened_by", "borrower").prefetch_related("decisions__decided_by")
    serializer_class = CareRecordSerializer
    filterset_class = CareFilter
    default_ordering = "-id"

    def filter_queryset(self, queryset: Any) -> Any:
        """Ask for the borrower of a list alone: one record is found by its number."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the records of a borrower; the reading is kept, also where there are none. Nobody has none."""
        borrower = VisibleBorrowerField()
        borrower.bind("borrower", CareRecordSerializer(context=self.get_serializer_context()))
        given = request.query_params.get("borrower")
        if given is not None:
            try:
                note_reading(borrower=borrower.to_internal_value(given), read_by=request.user)  # type: ignore[arg-type]
            except serializers.ValidationError:  # nobody of that number whom the reader may see
                self.queryset = CareRecord.objects.none()
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return one record; the reading is kept."""
        note_reading(borrower=self.get_object().borrower, read_by=request.user)  # type: ignore[arg-type]
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(request=NewCareSerializer, responses={201: OpenedCareSerializer})
    def create(self, request: Request) -> Response:
        """Write hardship down; contacts are on hold until a person decides."""
        entered = NewCareSerializer(data=request.data, context=self.get_serializer_context())
        entered.is_valid(raise_exception=True)
        row = open_care_record(opened_by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return Response(OpenedCareSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NewCareDecisionSerializer, responses={201: CareDecisionSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def decide(self, request: Request, pk: int) -> Response:
        """Let a record go on until a day, or end it, which lifts its hold."""
        entered = NewCareDecisionSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        made = decide_care(record=self.get_object(), decided_by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return Response(CareDecisionSerializer(made).data, status=status.HTTP_201_CREATED)
