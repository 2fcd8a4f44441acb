"""Messages and the dialler over REST."""

from datetime import timedelta
from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from creditpath.api import IdempotentCreateMixin
from creditpath.exports.models import ExportRun
from creditpath.exports.services import log_export
from creditpath.resources import MAX_ID, ReadResource, ResourceSchema, StrictSerializer, WholeNumberFilter
from recovery.contacts.api import LoanInReachField, PersonField, PointInReachField
from recovery.models import MessageTemplate, OutgoingMessage
from recovery.outreach.dialler import MOST, make_dialler_file, rows_of
from recovery.outreach.dialler_results import record_results
from recovery.outreach.services import cancel_message, queue_message, resolve_message


class MessageTemplateSerializer(serializers.ModelSerializer[MessageTemplate]):
    class Meta:
        model = MessageTemplate
        fields = ["id", "key", "channel", "language", "tone", "version", "purpose", "subject", "body", "published_at"]
        read_only_fields = fields


class MessageTemplateFilter(filters.FilterSet):
    channel = filters.ChoiceFilter(choices=MessageTemplate.Channel.choices)
    language = filters.CharFilter()
    key = filters.CharFilter()

    class Meta:
        model = MessageTemplate
        fields: list[str] = []


class MessageTemplateViewSet(ReadResource):
    """The templates that are live. Managers write them in the admin."""

    queryset = MessageTemplate.objects.live()
    serializer_class = MessageTemplateSerializer
    filterset_class = MessageTemplateFilter


class OutgoingMessageSerializer(serializers.ModelSerializer[OutgoingMessage]):
    queued_by: Any = serializers.SlugRelatedField("username", read_only=True)
    resolved_by: Any = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = OutgoingMessage
        fields = [
            "id", "borrower", "loan", "contact_point", "channel", "purpose", "template", "recommendation", "to_address",
            "subject", "text", "state", "queued_by", "queued_at", "not_before", "sending_at", "ended_at", "reason_code",
            "reason", "provider_reference", "reservation", "contact_event", "resolved_by",
        ]  # fmt: skip
        read_only_fields = fields


class NewMessageSerializer(StrictSerializer):
    borrower = PersonField()
    template = serializers.PrimaryKeyRelatedField(
        queryset=MessageTemplate.objects.live(), pk_field=serializers.IntegerField(min_value=1, max_value=MAX_ID)
    )
    loan = LoanInReachField(required=False, help_text="By default that of today's recommendation.")
    contact_point = PointInReachField(required=False, help_text="By default the one they prefer.")
    not_before = serializers.DateTimeField(required=False)


class ResolveSerializer(StrictSerializer):
    was_sent = serializers.BooleanField()
    reference = serializers.CharField(required=False, max_length=200)


class OutgoingMessageFilter(filters.FilterSet):
    borrower = WholeNumberFilter(field_name="borrower_id")
    state = filters.ChoiceFilter(choices=OutgoingMessage.State.choices)
    channel = filters.ChoiceFilter(choices=OutgoingMessage.Channel.choices)

    class Meta:
        model = OutgoingMessage
        fields: list[str] = []


class OutgoingMessageViewSet(IdempotentCreateMixin, ReadResource):
    """The outbox. A message is sent at most once, if the gate permits it and nothing was paid since."""

    queryset = OutgoingMessage.objects.select_related("queued_by", "resolved_by")
    serializer_class = OutgoingMessageSerializer
    filterset_class = OutgoingMessageFilter
    default_ordering = "-id"

    @extend_schema(request=NewMessageSerializer, responses={201: OutgoingMessageSerializer})
    def create(self, request: Request) -> Response:
        """Queue a message from a template; 409 with the answer of the gate where more than the hour stands in the way."""
        entered = NewMessageSerializer(data=request.data, context=self.get_serializer_context())
        entered.is_valid(raise_exception=True)
        row = queue_message(queued_by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return self._answer(row, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={200: OutgoingMessageSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def cancel(self, request: Request, pk: int) -> Response:
        """Take a queued message out of the outbox."""
        return self._answer(cancel_message(message=self.get_object(), by=request.user))  # type: ignore[arg-type]

    @extend_schema(request=ResolveSerializer, responses={200: OutgoingMessageSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def resolve(self, request: Request, pk: int) -> Response:
        """Say what became of a message that is unknown."""
        message = self.get_object()
        entered = ResolveSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        row = resolve_message(message=message, by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return self._answer(row)

    def _answer(self, row: OutgoingMessage, code: int = status.HTTP_200_OK) -> Response:
        row.refresh_from_db()
        return Response(self.get_serializer(row).data, status=code)


# --- the dialler ------------------------------------------------------------------------------------------------------
class NewDiallerFileSerializer(StrictSerializer):
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=500)
    lease_minutes = serializers.IntegerField(min_value=5, max_value=720, default=120)


class DiallerRowSerializer(serializers.Serializer[Any]):
    reference = serializers.CharField()
    number = serializers.CharField(help_text="E.164 without its plus.")
    name = serializers.CharField()
    borrower_number = serializers.CharField()
    loan_number = serializers.CharField()
    language = serializers.CharField()
    call_until = serializers.DateTimeField(help_text="Not a second later: the attempt or the hours of contact end.")


class DiallerFileSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    as_of = serializers.DateField()
    lease_until = serializers.DateTimeField()
    rows = DiallerRowSerializer(many=True)


class DiallerFileViewSet(IdempotentCreateMixin, GenericViewSet):
    """Files for a dialler."""

    schema = ResourceSchema()
    serializer_class = DiallerFileSerializer

    @extend_schema(request=NewDiallerFileSerializer, responses={201: DiallerFileSerializer})
    def create(self, request: Request) -> Response:
        """Reserve the day's most urgent calls that the gate permits now, and answer with whom to call."""
        entered = NewDiallerFileSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        values = entered.validated_data
        lease = timedelta(minutes=values["lease_minutes"])
        file = make_dialler_file(made_by=request.user, limit=values["limit"], lease=lease)  # type: ignore[arg-type]
        rows = rows_of(file)
        log_export(
            model="recovery.diallerentry", form=ExportRun.Form.JSON, filters=f"file={file.pk}", n_rows=len(rows),
            exported_by=request.user,  # type: ignore[arg-type]
        )  # fmt: skip
        shown = {"id": file.pk, "as_of": file.as_of, "lease_until": file.lease_until, "rows": rows}
        return Response(DiallerFileSerializer(shown).data, status=status.HTTP_201_CREATED)


class DiallerResultSerializer(StrictSerializer):
    reference = serializers.CharField(max_length=30)
    outcome = serializers.CharField(max_length=20)
    happened_at = serializers.CharField(max_length=40)
    connected = serializers.CharField(required=False, allow_blank=True, max_length=5)
    talk_minutes = serializers.CharField(required=False, allow_blank=True, max_length=12)
    wrap_up_minutes = serializers.CharField(required=False, allow_blank=True, max_length=12)
    note = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    follow_up_on = serializers.CharField(required=False, allow_blank=True, max_length=10)
    agent = serializers.CharField(required=False, allow_blank=True, max_length=150)


class DiallerResultsSerializer(StrictSerializer):
    results = serializers.ListField(child=DiallerResultSerializer(), allow_empty=False, max_length=1_000)


class RejectionSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField()
    field = serializers.CharField()
    remedy = serializers.CharField()


class ResultsReportSerializer(serializers.Serializer[Any]):
    recorded = serializers.IntegerField()
    repeated = serializers.IntegerField()
    flagged = serializers.IntegerField(help_text="Not permitted when they took place.")
    rejected = RejectionSerializer(many=True)


class DiallerResultsView(APIView):
    """What came of a dialler's calls."""

    schema = ResourceSchema()

    @extend_schema(request=DiallerResultsSerializer, responses={200: ResultsReportSerializer})
    def post(self, request: Request) -> Response:
        """Record up to 1,000 results, each once; rows that cannot be are rejected with their field and remedy."""
        entered = DiallerResultsSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        report = record_results(rows=entered.validated_data["results"], by=request.user)  # type: ignore[arg-type]
        return Response(ResultsReportSerializer(report.as_json()).data)
