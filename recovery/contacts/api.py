"""The gate over REST: ask whether a contact is permitted, reserve it, set and lift holds, read what was refused."""

from collections.abc import Mapping
from typing import Any

import django_filters as filters
from django.db.models import Q
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from borrowers.models import Borrower, ContactPoint, Loan
from borrowers.services import current_instant
from creditpath.api import IdempotentCreateMixin
from creditpath.resources import MAX_ID, ObjectField, ReadResource, ResourceSchema, StrictSerializer, WholeNumberFilter
from recovery.contacts.services import (
    contact_permission,
    lift_hold,
    record_block,
    release_contact,
    reserve_contact,
    set_hold,
)
from recovery.errors import ContactNotPermitted
from recovery.models import ContactBlock, ContactReservation, Hold
from recovery.models.reservations import Purpose


class _ReachField(serializers.PrimaryKeyRelatedField):
    """The number of a row within the user's reach; another one does not exist for them. The gate says what may be done."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("queryset", Borrower.objects.all())  # get_queryset() narrows it
        super().__init__(pk_field=serializers.IntegerField(min_value=1, max_value=MAX_ID), **options)

    def people(self) -> Any:
        return Borrower.objects.visible_to(self.context["request"].user)


class PersonField(_ReachField):
    def get_queryset(self) -> Any:
        return self.people()


class LoanInReachField(_ReachField):
    def get_queryset(self) -> Any:
        people = self.people()
        return Loan.objects.filter(Q(borrower__in=people) | Q(parties__person__in=people)).distinct()


class PointInReachField(_ReachField):
    def get_queryset(self) -> Any:
        return ContactPoint.objects.filter(borrower__in=self.people())


# --- asking ---------------------------------------------------------------------------------------------------------------
class GateReasonSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()


class GateAnswerSerializer(serializers.Serializer[Any]):
    """What the gate answers."""

    is_allowed = serializers.BooleanField()
    sentence = serializers.CharField(help_text="All of it in one line.")
    channel = serializers.CharField()
    purpose = serializers.CharField()
    instant = serializers.DateTimeField()
    reasons = GateReasonSerializer(many=True)
    warnings = GateReasonSerializer(many=True)
    legal_reasons = GateReasonSerializer(many=True, help_text="Why no legal action may be taken or threatened.")
    attempts_used = serializers.IntegerField(allow_null=True)
    attempts_limit = serializers.IntegerField(allow_null=True)
    attempts_left = serializers.IntegerField(allow_null=True)
    window_days = serializers.IntegerField(allow_null=True)
    consented = serializers.CharField(allow_null=True)
    next_allowed_at = serializers.DateTimeField(allow_null=True)
    next_allowed_local = serializers.CharField(allow_null=True)
    local_times = ObjectField(allow_null=True)
    rule = ObjectField(allow_null=True)


class PermissionQuery(StrictSerializer):
    channel = serializers.ChoiceField(ContactReservation.Channel.choices, default="call")
    loan = LoanInReachField(required=False, help_text="By default all debts of the person.")
    contact_point = PointInReachField(required=False)
    purpose = serializers.ChoiceField(Purpose.choices, default=Purpose.COLLECTION)
    at = serializers.DateTimeField(required=False, help_text="By default now.")


class ContactPermissionView(APIView):
    """Whether a person may be contacted, why not, and when next. Nothing is reserved by asking."""

    schema = ResourceSchema()

    @extend_schema(parameters=[PermissionQuery], responses={200: GateAnswerSerializer}, filters=False)
    def get(self, request: Request, pk: int) -> Response:
        """Ask the gate about a person."""
        person = Borrower.objects.visible_to(request.user).filter(pk=pk).first() if pk <= MAX_ID else None  # type: ignore[arg-type]
        if person is None:
            raise Http404
        asked = PermissionQuery(data=request.query_params, context={"request": request})
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        answer = contact_permission(borrower=person, instant=values.pop("at", None) or current_instant(), **values)
        return Response(GateAnswerSerializer(answer).data)


# --- reserving ------------------------------------------------------------------------------------------------------------
class ContactReservationSerializer(serializers.ModelSerializer[ContactReservation]):
    agent: Any = serializers.SlugRelatedField("username", read_only=True)
    answer = ObjectField(read_only=True)
    flags = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ContactReservation
        fields = [
            "id", "borrower", "number", "loan", "channel", "contact_point", "purpose", "agent", "state", "reserved_at",
            "lease_until", "ended_at", "contact_event", "rule", "consent", "flags", "answer",
        ]  # fmt: skip
        read_only_fields = fields


class NewReservationSerializer(StrictSerializer):
    borrower = PersonField()
    channel = serializers.ChoiceField(ContactReservation.Channel.choices)
    loan = LoanInReachField(required=False, help_text="By default all debts of the person.")
    contact_point = PointInReachField(required=False)
    purpose = serializers.ChoiceField(Purpose.choices, required=False)


class NotPermittedSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()
    fields = ObjectField()  # type: ignore[assignment]
    answer = ObjectField()


class ContactReservationFilter(filters.FilterSet):
    borrower = WholeNumberFilter(field_name="borrower_id")
    loan = WholeNumberFilter(field_name="loan_id")
    channel = filters.ChoiceFilter(choices=ContactReservation.Channel.choices)
    state = filters.ChoiceFilter(choices=ContactReservation.State.choices)

    class Meta:
        model = ContactReservation
        fields: list[str] = []


class ContactReservationViewSet(IdempotentCreateMixin, ReadResource):
    """The register of attempts: reserved before they are made, performed by recording an action, released, or expired."""

    queryset = ContactReservation.objects.select_related("agent")
    serializer_class = ContactReservationSerializer
    filterset_class = ContactReservationFilter
    default_ordering = "-id"

    @extend_schema(
        request=NewReservationSerializer, responses={201: ContactReservationSerializer, 409: NotPermittedSerializer}
    )
    def create(self, request: Request) -> Response:
        """Reserve an attempt for half an hour; 409 with the whole answer where the rules do not permit it now."""
        entered = NewReservationSerializer(data=request.data, context=self.get_serializer_context())
        entered.is_valid(raise_exception=True)
        report = reserve_contact(agent=request.user, **entered.validated_data)  # type: ignore[arg-type]
        code = status.HTTP_200_OK if report.is_repeat else status.HTTP_201_CREATED
        return Response(self.get_serializer(report.reservation).data, status=code)

    @extend_schema(request=None, responses={200: ContactReservationSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def release(self, request: Request, pk: int) -> Response:
        """Give back an attempt that was not made."""
        return Response(self.get_serializer(release_contact(reservation=self.get_object())).data)

    def handle_exception(self, exc: Exception) -> Response:
        """Keep the refusal in the log: under an Idempotency-Key its transaction was rolled back."""
        if isinstance(exc, ContactNotPermitted):
            record_block(exc.block)
        return super().handle_exception(exc)


class ContactBlockSerializer(serializers.ModelSerializer[ContactBlock]):
    agent: Any = serializers.SlugRelatedField("username", read_only=True)
    answer = ObjectField(read_only=True)

    class Meta:
        model = ContactBlock
        fields = [
            "id", "borrower", "loan", "channel", "contact_point", "purpose", "agent", "reservation", "asked_at", "rule",
            "answer",
        ]  # fmt: skip
        read_only_fields = fields


class ContactBlockFilter(filters.FilterSet):
    borrower = WholeNumberFilter(field_name="borrower_id")
    channel = filters.CharFilter()

    class Meta:
        model = ContactBlock
        fields: list[str] = []


class ContactBlockViewSet(ReadResource):
    """Contacts that were asked for and refused, with the answer."""

    queryset = ContactBlock.objects.select_related("agent")
    serializer_class = ContactBlockSerializer
    filterset_class = ContactBlockFilter
    default_ordering = "-id"


# --- holds ----------------------------------------------------------------------------------------------------------------
class HoldSerializer(serializers.ModelSerializer[Hold]):
    set_by: Any = serializers.SlugRelatedField("username", read_only=True)
    lifted_by = serializers.SerializerMethodField()

    class Meta:
        model = Hold
        fields = [
            "id", "borrower", "loan", "kind", "channel", "contact_point", "from_time", "until_time", "starts_on",
            "ends_on", "reason", "lifts", "lifted_by", "contact_event", "set_by", "booked_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_lifted_by(self, hold: Hold) -> int | None:
        """Answer the id of the entry that lifts this one."""
        return hold.lifted_by.pk if hasattr(hold, "lifted_by") else None


class NewHoldSerializer(StrictSerializer):
    borrower = PersonField()
    kind = serializers.ChoiceField(Hold.Kind.choices)
    reason = serializers.CharField(max_length=500)
    loan = LoanInReachField(required=False, help_text="By default every debt.")
    channel = serializers.ChoiceField(Hold.Channel.choices, required=False)
    contact_point = PointInReachField(required=False)
    from_time = serializers.TimeField(required=False)
    until_time = serializers.TimeField(required=False)
    starts_on = serializers.DateField(required=False, help_text="By default the business date.")
    ends_on = serializers.DateField(required=False, help_text="The last day; by default until it is lifted.")


class LiftSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=500)


class HoldFilter(filters.FilterSet):
    borrower = WholeNumberFilter(field_name="borrower_id")
    kind = filters.ChoiceFilter(choices=Hold.Kind.choices)

    class Meta:
        model = Hold
        fields: list[str] = []


class HoldViewSet(IdempotentCreateMixin, ReadResource):
    """What stops contacts with a person. Holds are never changed: a new entry lifts one."""

    queryset = Hold.objects.select_related("set_by", "lifted_by")
    serializer_class = HoldSerializer
    filterset_class = HoldFilter
    default_ordering = "-id"

    @extend_schema(request=NewHoldSerializer, responses={201: HoldSerializer})
    def create(self, request: Request) -> Response:
        """Stop contacts with a person, or some of them."""
        entered = NewHoldSerializer(data=request.data, context=self.get_serializer_context())
        entered.is_valid(raise_exception=True)
        values: Mapping[str, Any] = entered.validated_data
        hold = set_hold(set_by=request.user, **values)  # type: ignore[arg-type]
        return Response(self.get_serializer(hold).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=LiftSerializer, responses={201: HoldSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def lift(self, request: Request, pk: int) -> Response:
        """End a hold with a new entry."""
        entered = LiftSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        lift = lift_hold(hold=self.get_object(), lifted_by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return Response(self.get_serializer(lift).data, status=status.HTTP_201_CREATED)
