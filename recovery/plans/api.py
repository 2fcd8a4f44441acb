"""Payment plans over REST: propose one, read how it stands, agree or approve, give up."""

import uuid
from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from borrowers.api import MONEY, VisibleLoanField
from borrowers.services import get_business_date
from creditpath.api import IdempotentCreateMixin
from creditpath.resources import ReadResource, StrictSerializer, WholeNumberFilter
from recovery.models import Plan, PlanBudgetLine, PlanEvent, PlanInstalment
from recovery.plans.budget import BudgetLine, disposable_amount_of
from recovery.plans.offering import build_offer, find_limit, first_day, get_standing, get_terms
from recovery.plans.services import activate_plan, cancel_plan, propose_plan


class PlanInstalmentSerializer(serializers.ModelSerializer[PlanInstalment]):
    class Meta:
        model = PlanInstalment
        fields = ["number", "due_on", "amount"]
        read_only_fields = fields


class PlanEventSerializer(serializers.ModelSerializer[PlanEvent]):
    by: Any = serializers.SlugRelatedField("username", read_only=True, allow_null=True)

    class Meta:
        model = PlanEvent
        fields = ["number", "state", "effective_on", "by", "reason"]
        read_only_fields = fields


class PlanSerializer(serializers.ModelSerializer[Plan]):
    """A plan with its steps, the last of which is how it stands. What income it rests on is not told here."""

    proposed_by: Any = serializers.SlugRelatedField("username", read_only=True)
    instalments = PlanInstalmentSerializer(many=True, read_only=True)
    events = PlanEventSerializer(many=True, read_only=True)

    class Meta:
        model = Plan
        fields = [
            "id", "loan", "kind", "frequency", "currency", "owed_amount", "agreed_amount", "monthly_amount", "starts_on",
            "ends_on", "reason", "proposed_by", "booked_at", "instalments", "events",
        ]  # fmt: skip
        read_only_fields = fields


class NewBudgetLineSerializer(StrictSerializer):
    kind = serializers.ChoiceField(PlanBudgetLine.Kind.choices)
    label = serializers.CharField(max_length=60)  # type: ignore[assignment]
    amount = serializers.DecimalField(min_value=0, **MONEY)


class NewPlanSerializer(StrictSerializer):
    loan = VisibleLoanField()
    kind = serializers.ChoiceField(Plan.Kind.choices)
    instalments = serializers.IntegerField(min_value=1, max_value=240, help_text="How many.")
    frequency = serializers.ChoiceField(Plan.Frequency.choices, default=Plan.Frequency.MONTHLY)
    first_on = serializers.DateField(required=False, help_text="By default two weeks or so from now.")
    agreed_amount = serializers.DecimalField(required=False, min_value=0, help_text="Of a settlement.", **MONEY)
    budget = NewBudgetLineSerializer(many=True, required=False, help_text="What comes in and goes out in a month.")
    reason = serializers.CharField(max_length=500, required=False, help_text="Needed above your limit.")
    is_agreed = serializers.BooleanField(default=True, help_text="The borrower agrees; else it is an offer.")


class PlanStepSerializer(StrictSerializer):
    """Nothing: who asks is known."""


class PlanCancelSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=500)


class PlanFilter(filters.FilterSet):
    loan = WholeNumberFilter(field_name="loan_id")
    borrower = WholeNumberFilter(field_name="loan__borrower_id")
    state = filters.ChoiceFilter(choices=PlanEvent.State.choices, method="in_state")

    class Meta:
        model = Plan
        fields: list[str] = []

    def in_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.in_state(value)


class PlanViewSet(IdempotentCreateMixin, ReadResource):
    """Payment plans and settlements. Above the limits of who proposes, a plan waits for a second person."""

    queryset = Plan.objects.select_related("proposed_by").prefetch_related("instalments", "events__by")
    serializer_class = PlanSerializer
    filterset_class = PlanFilter
    default_ordering = "-id"

    @extend_schema(request=NewPlanSerializer, responses={201: PlanSerializer})
    def create(self, request: Request) -> Response:
        """Propose a plan from what the books say today; the last of its events says whether it is active or waits."""
        entered = NewPlanSerializer(data=request.data, context=self.get_serializer_context())
        entered.is_valid(raise_exception=True)
        values, today, user = entered.validated_data, get_business_date(), request.user
        budget = tuple(BudgetLine(**line) for line in values.get("budget", ()))
        offer = build_offer(
            standing=get_standing(loan=values["loan"], today=today), kind=values["kind"], n=values["instalments"],
            frequency=values["frequency"], first_on=values.get("first_on") or first_day(today), today=today,
            disposable=disposable_amount_of(budget), limit=find_limit(user=user, today=today), terms=get_terms(today=today),  # type: ignore[arg-type]
            agreed=values.get("agreed_amount"),
        )  # fmt: skip
        made = propose_plan(
            loan=values["loan"], offer=offer, budget=budget, by=user, form_key=uuid.uuid4().hex,  # type: ignore[arg-type]
            reason=values.get("reason", ""), is_agreed=values["is_agreed"],
        )  # fmt: skip
        return self._answer(made.pk)

    @extend_schema(request=PlanStepSerializer, responses={201: PlanSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def activate(self, request: Request, pk: int) -> Response:
        """Say that the borrower agrees to an offer, or approve, as a second person, a plan that waits."""
        PlanStepSerializer(data=request.data).is_valid(raise_exception=True)
        activate_plan(plan=self.get_object(), by=request.user)  # type: ignore[arg-type]
        return self._answer(pk)

    @extend_schema(request=PlanCancelSerializer, responses={201: PlanSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def cancel(self, request: Request, pk: int) -> Response:
        """Give up a plan, or refuse one that waits, with a reason."""
        plan = self.get_object()
        entered = PlanCancelSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        cancel_plan(plan=plan, by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return self._answer(pk)

    def _answer(self, pk: int) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=pk)).data, status=status.HTTP_201_CREATED)
