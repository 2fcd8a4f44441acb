"""Write-off, placement, recall and closing over REST: propose, read how it stands, decide as the second person."""

from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from borrowers.api import MONEY, VisibleLoanField
from creditpath.api import IdempotentCreateMixin
from creditpath.resources import ReadResource, StrictSerializer, WholeNumberFilter
from recovery.approvals.services import decide, propose
from recovery.models import LoanProposal, LoanProposalDecision


class ProposalDecisionSerializer(serializers.ModelSerializer[LoanProposalDecision]):
    decided_by: Any = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = LoanProposalDecision
        fields = ["is_approved", "reason", "decided_by", "loan_event", "booked_at"]
        read_only_fields = fields


class LoanProposalSerializer(serializers.ModelSerializer[LoanProposal]):
    proposed_by: Any = serializers.SlugRelatedField("username", read_only=True)
    currency = serializers.CharField(source="loan.currency", read_only=True)
    decision = ProposalDecisionSerializer(read_only=True, allow_null=True)

    class Meta:
        model = LoanProposal
        fields = [
            "id",
            "loan",
            "kind",
            "amount",
            "currency",
            "counterparty",
            "reason",
            "proposed_by",
            "booked_at",
            "decision",
        ]
        read_only_fields = fields


class NewProposalSerializer(StrictSerializer):
    loan = VisibleLoanField()
    kind = serializers.ChoiceField(LoanProposal.Kind.choices)
    reason = serializers.CharField(max_length=500)
    counterparty = serializers.CharField(max_length=120, required=False, help_text="The agency, of a placement.")
    amount = serializers.DecimalField(required=False, min_value=0, help_text="Of a write-off; by default all.", **MONEY)


class NewProposalDecisionSerializer(StrictSerializer):
    is_approved = serializers.BooleanField()
    reason = serializers.CharField(max_length=500, required=False, help_text="Needed where it is refused.")


class LoanProposalFilter(filters.FilterSet):
    loan = WholeNumberFilter(field_name="loan_id")
    kind = filters.ChoiceFilter(choices=LoanProposal.Kind.choices)
    is_open = filters.BooleanFilter(field_name="decision", lookup_expr="isnull")

    class Meta:
        model = LoanProposal
        fields: list[str] = []


class LoanProposalViewSet(IdempotentCreateMixin, ReadResource):
    """What is proposed for a loan. One person proposes, another decides; an approval books it on the business date."""

    queryset = LoanProposal.objects.select_related("loan", "proposed_by", "decision__decided_by")
    serializer_class = LoanProposalSerializer
    filterset_class = LoanProposalFilter
    default_ordering = "-id"

    @extend_schema(request=NewProposalSerializer, responses={201: LoanProposalSerializer})
    def create(self, request: Request) -> Response:
        """Propose what happens to a loan; it waits for a second person."""
        entered = NewProposalSerializer(data=request.data, context=self.get_serializer_context())
        entered.is_valid(raise_exception=True)
        row = propose(proposed_by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return Response(self.get_serializer(self.get_queryset().get(pk=row.pk)).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NewProposalDecisionSerializer, responses={201: LoanProposalSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def decide(self, request: Request, pk: int) -> Response:
        """Approve, which books it, or refuse with a reason. Once, and never by who proposed it."""
        entered = NewProposalDecisionSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        decide(proposal=self.get_object(), decided_by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return Response(self.get_serializer(self.get_object()).data, status=status.HTTP_201_CREATED)
