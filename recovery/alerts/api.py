"""Alerts over REST: what is above its threshold, and who has seen to it."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from creditpath.api import IdempotentCreateMixin
from creditpath.resources import ReadResource, StrictSerializer
from recovery.alerts.services import acknowledge, alerts_for
from recovery.models import Alert, AlertAcknowledgement


class AlertAcknowledgementSerializer(serializers.ModelSerializer[AlertAcknowledgement]):
    acknowledged_by: Any = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = AlertAcknowledgement
        fields = ["note", "acknowledged_by", "booked_at"]
        read_only_fields = fields


class AlertSerializer(serializers.ModelSerializer[Alert]):
    rule: Any = serializers.SlugRelatedField("name", read_only=True)
    title = serializers.CharField(source="rule.title", read_only=True)
    unit = serializers.CharField(source="rule.unit", read_only=True)
    is_of_models = serializers.BooleanField(source="rule.is_of_models", read_only=True)
    acknowledgement = AlertAcknowledgementSerializer(read_only=True, allow_null=True, default=None)

    class Meta:
        model = Alert
        fields = [
            "id", "rule", "title", "as_of", "value", "threshold", "unit", "detail", "is_of_models", "booked_at",
            "acknowledgement",
        ]  # fmt: skip
        read_only_fields = fields


class NewAcknowledgementSerializer(StrictSerializer):
    note = serializers.CharField(max_length=500, help_text="What is done about it.")


class AlertFilter(filters.FilterSet):
    as_of = filters.DateFilter()
    rule = filters.CharFilter(field_name="rule__name")
    is_open = filters.BooleanFilter(
        field_name="acknowledgement", lookup_expr="isnull", help_text="Nobody has seen to it."
    )

    class Meta:
        model = Alert
        fields: list[str] = []


class AlertViewSet(IdempotentCreateMixin, ReadResource):
    """What was above its threshold on a day. Data scientists read the alerts about models, the other readers all."""

    queryset = Alert.objects.select_related("rule", "acknowledgement__acknowledged_by")
    serializer_class = AlertSerializer
    filterset_class = AlertFilter
    default_ordering = "-id"

    def get_queryset(self) -> QuerySet:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        return rows & alerts_for(self.request.user)  # type: ignore[arg-type]

    @extend_schema(request=NewAcknowledgementSerializer, responses={201: AlertSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def acknowledge(self, request: Request, pk: int) -> Response:
        """Keep that somebody has seen to an alert, and what they did; once."""
        alert = self.get_object()
        entered = NewAcknowledgementSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        acknowledge(alert=alert, by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return Response(self.get_serializer(self.get_object()).data, status=status.HTTP_201_CREATED)
