"""The work over REST: what is recommended, whose list it is on, what was done."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from borrowers.api import MONEY, VisibleLoanField
from borrowers.models import Borrower, ContactEvent
from creditpath.api import IdempotentCreateMixin
from creditpath.resources import MAX_ID, ObjectField, ReadResource, StrictSerializer, WholeNumberFilter
from recovery.models import Action, Recommendation, WorklistItem
from recovery.services import record_action


# --- recommendations ------------------------------------------------------------------------------------------------------
class RecommendationSerializer(serializers.ModelSerializer[Recommendation]):
    currency = serializers.CharField(source="loan.currency", read_only=True)
    eligible_actions = ObjectField(read_only=True, help_text="Each eligible action with its probability.")
    facts = ObjectField(read_only=True)
    reasons = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Recommendation
        fields = [
            "id", "borrower", "loan", "as_of", "action", "reasons", "ask_amount", "currency", "priority",
            "expected_minutes", "eligible_actions", "facts", "policy_rule", "score", "decided_at",
        ]  # fmt: skip
        read_only_fields = fields


class RecommendationFilter(filters.FilterSet):
    as_of = filters.DateFilter()
    action = filters.ChoiceFilter(choices=Action.choices)
    borrower = WholeNumberFilter(field_name="borrower_id")
    loan = WholeNumberFilter(field_name="loan_id")
    team = WholeNumberFilter(field_name="borrower__team_id")

    class Meta:
        model = Recommendation
        fields: list[str] = []


class RecommendationViewSet(ReadResource):
    """The decision log: what was recommended for a borrower on a day, from which facts, and why."""

    queryset = Recommendation.objects.select_related("loan")
    serializer_class = RecommendationSerializer
    filterset_class = RecommendationFilter
    orderings = {"id": "pk", "priority": "priority"}
    default_ordering = "-id"


# --- the worklist ---------------------------------------------------------------------------------------------------------
class WorklistItemSerializer(serializers.ModelSerializer[WorklistItem]):
    agent: Any = serializers.SlugRelatedField("username", read_only=True)
    recommendation = RecommendationSerializer(read_only=True)

    class Meta:
        model = WorklistItem
        fields = ["id", "as_of", "agent", "rank", "done_at", "recommendation"]
        read_only_fields = fields


class WorklistFilter(filters.FilterSet):
    as_of = filters.DateFilter()
    agent = filters.CharFilter(field_name="agent__username")
    team = WholeNumberFilter(field_name="agent__team_id")
    is_open = filters.BooleanFilter(field_name="done_at", lookup_expr="isnull")
    action = filters.ChoiceFilter(field_name="recommendation__action", choices=Action.choices)

    class Meta:
        model = WorklistItem
        fields: list[str] = []


class WorklistViewSet(ReadResource):
    """What is on agents' lists. Agents see their own."""

    queryset = WorklistItem.objects.select_related("agent", "recommendation__loan")
    serializer_class = WorklistItemSerializer
    filterset_class = WorklistFilter
    orderings = {"id": "pk", "rank": "rank"}
    default_ordering = "rank"


# --- actions --------------------------------------------------------------------------------------------------------------
class ActionSerializer(serializers.ModelSerializer[ContactEvent]):
    agent: Any = serializers.SlugRelatedField("username", read_only=True)
    promise = serializers.SerializerMethodField()

    class Meta:
        model = ContactEvent
        fields = [
            "id", "external_id", "borrower", "loan", "agent", "channel", "outcome", "reached_borrower", "note",
            "follow_up_on", "effective_on", "happened_at", "booked_at", "corrects", "contact_point", "is_connected",
            "text_sent", "talk_minutes", "wrap_up_minutes", "promise",
        ]  # fmt: skip
        read_only_fields = fields

    def get_promise(self, event: ContactEvent) -> int | None:
        """Answer the id of the promise that was taken."""
        return event.promise.pk if hasattr(event, "promise") else None


class VisibleBorrowerField(serializers.PrimaryKeyRelatedField):
    """A borrower within the user's reach; another one does not exist for them."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("queryset", Borrower.objects.all())
        super().__init__(pk_field=serializers.IntegerField(min_value=1, max_value=MAX_ID), **options)

    def get_queryset(self) -> Any:
        return Borrower.objects.visible_to(self.context["request"].user)


class NewActionSerializer(StrictSerializer):
    borrower = VisibleBorrowerField()
    channel = serializers.ChoiceField(ContactEvent.Channel.choices)
    outcome = serializers.ChoiceField(ContactEvent.Outcome.choices)
    note = serializers.CharField(required=False, allow_blank=True, max_length=4000)
    follow_up_on = serializers.DateField(required=False)
    call_back_time = serializers.TimeField(required=False, help_text="On follow_up_on, in the borrower's zone.")
    spoke_with_other = serializers.BooleanField(required=False, help_text="It was not the borrower.")
    is_connected = serializers.BooleanField(required=False, help_text="Of a call: to the dialled number.")
    talk_minutes = serializers.DecimalField(required=False, min_value=0, max_digits=6, decimal_places=2)
    wrap_up_minutes = serializers.DecimalField(required=False, min_value=0, max_digits=6, decimal_places=2)
    loan = VisibleLoanField(required=False, help_text="The loan that it was about.")
    promise_amount = serializers.DecimalField(required=False, min_value=0, **MONEY)
    promise_due_on = serializers.DateField(required=False)
    happened_at = serializers.DateTimeField(required=False, help_text="By default now.")


class ActionFilter(filters.FilterSet):
    borrower = WholeNumberFilter(field_name="borrower_id")
    loan = WholeNumberFilter(field_name="loan_id")
    agent = filters.CharFilter(field_name="agent__username")
    channel = filters.ChoiceFilter(choices=ContactEvent.Channel.choices)
    outcome = filters.ChoiceFilter(choices=ContactEvent.Outcome.choices)
    effective_from = filters.DateFilter(field_name="effective_on", lookup_expr="gte")
    effective_until = filters.DateFilter(field_name="effective_on", lookup_expr="lte")

    class Meta:
        model = ContactEvent
        fields: list[str] = []


class ActionViewSet(IdempotentCreateMixin, ReadResource):
    """Contacts with borrowers, by either side. They are never changed: a correction is a new entry."""

    queryset = ContactEvent.objects.select_related("agent", "promise")
    serializer_class = ActionSerializer
    filterset_class = ActionFilter
    default_ordering = "-id"

    @extend_schema(request=NewActionSerializer, responses={201: ActionSerializer})
    def create(self, request: Request) -> Response:
        """Record a contact, with the promise if one was made, and take the borrower off today's list."""
        entered = NewActionSerializer(data=request.data, context=self.get_serializer_context())
        entered.is_valid(raise_exception=True)
        report = record_action(agent=request.user, **entered.validated_data)  # type: ignore[arg-type]
        event = self.get_queryset().get(pk=report.event.pk)
        return Response(self.get_serializer(event).data, status=status.HTTP_201_CREATED)
