"""Models and scores over REST: what was scored, by which model, and scores on demand."""

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

import django_filters as filters
from django.db.models import Exists, OuterRef
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from borrowers.models import Loan
from creditpath.resources import (
    ObjectField,
    ReadResource,
    ResourceSchema,
    StrictParametersMixin,
    StrictSerializer,
    WholeNumberFilter,
)
from scoring.asking import Answers, ask_features, ask_loans
from scoring.explaining.services import explain
from scoring.models import Comparison, Deployment, ModelVersion, Score, Tier
from scoring.querysets import heavy_fields
from scoring.registry.services import get_champion

MAX_ROWS = 10_000
LIVE = Exists(Deployment.objects.live().filter(model=OuterRef("pk")))


# --- models ---------------------------------------------------------------------------------------------------------------
class ModelSerializer(serializers.ModelSerializer[ModelVersion]):
    target = ObjectField(read_only=True)
    data_window = ObjectField(read_only=True)
    parameters = ObjectField(read_only=True)
    metrics = ObjectField(read_only=True)
    parity = ObjectField(read_only=True)
    library_versions = ObjectField(read_only=True)
    trained_by: Any = serializers.SlugRelatedField("username", read_only=True)
    is_live = serializers.BooleanField(read_only=True, help_text="The champion of its purpose.")

    class Meta:
        model = ModelVersion
        fields = [
            "id", "name", "purpose", "algorithm", "is_live", "sha256", "feature_set", "feature_names", "target",
            "data_window", "parameters", "metrics", "parity", "threshold", "tier_edges", "library_versions",
            "is_simulated", "trained_at", "trained_by", "segment", "code_version", "intended_use", "materiality",
        ]  # fmt: skip
        read_only_fields = fields


class ModelFilter(filters.FilterSet):
    name = filters.CharFilter()
    purpose = filters.CharFilter()
    algorithm = filters.CharFilter()
    is_live = filters.BooleanFilter()

    class Meta:
        model = ModelVersion
        fields: list[str] = []


class ModelViewSet(ReadResource):
    """Registered models: where they come from and how good they are. Their bytes stay in the registry."""

    queryset = ModelVersion.objects.select_related("trained_by").defer(*heavy_fields()).annotate(is_live=LIVE)
    serializer_class = ModelSerializer
    filterset_class = ModelFilter
    default_ordering = "-id"


# --- where models were live, and who let them -----------------------------------------------------------------------------
class DeploymentSerializer(serializers.ModelSerializer[Deployment]):
    """A time in which a model was the champion."""

    model = serializers.CharField(source="model.name", read_only=True)
    sha256 = serializers.CharField(source="model.sha256", read_only=True)
    proposed_by: Any = serializers.SlugRelatedField("username", source="promoted_by", read_only=True)
    approved_by: Any = serializers.CharField(
        source="decision.decided_by.username", read_only=True, default=None, allow_null=True
    )
    in_spite_of = serializers.CharField(
        source="decision.proposal.in_spite_of",
        read_only=True,
        default="",
        help_text="Why, where something spoke against it.",
    )

    class Meta:
        model = Deployment
        fields = [
            "id", "model", "sha256", "purpose", "segment", "live_from", "live_until", "proposed_by", "approved_by", "reason",
            "in_spite_of", "retire_reason",
        ]  # fmt: skip
        read_only_fields = fields


class DeploymentFilter(filters.FilterSet):
    on = filters.DateFilter(method="on_day", help_text="Live at some time of this day of the lender's calendar.")
    purpose = filters.CharFilter()
    model = filters.CharFilter(field_name="model__name")

    class Meta:
        model = Deployment
        fields: list[str] = []

    def on_day(self, queryset: Any, name: str, value: date) -> Any:
        return queryset.live_on(value) if date.min < value < date.max else queryset.none()


class DeploymentViewSet(ReadResource):
    """Which model was live when, who proposed and who approved it, and why: `?on=2026-06-30` answers for a day."""

    queryset = Deployment.objects.with_people()
    serializer_class = DeploymentSerializer
    filterset_class = DeploymentFilter
    default_ordering = "-id"


class ComparisonSerializer(serializers.ModelSerializer[Comparison]):
    model = serializers.CharField(source="model.name", read_only=True)
    champion = serializers.CharField(source="champion.name", read_only=True)
    figures = ObjectField(read_only=True)

    class Meta:
        model = Comparison
        fields = [
            "id", "model", "champion", "segment", "first_day", "last_day", "n_rows", "n_bad", "rows_sha256", "is_unseen",
            "figures", "gain", "gain_low", "gain_high", "compared_at",
        ]  # fmt: skip
        read_only_fields = fields


class ComparisonFilter(filters.FilterSet):
    model = filters.CharFilter(field_name="model__name")

    class Meta:
        model = Comparison
        fields: list[str] = []


class ComparisonViewSet(ReadResource):
    """Models and champions on the same rows, with the interval of the difference."""

    queryset = Comparison.objects.select_related("model", "champion").defer(
        *heavy_fields("model"), *heavy_fields("champion")
    )
    serializer_class = ComparisonSerializer
    filterset_class = ComparisonFilter
    default_ordering = "-id"


# --- scores ---------------------------------------------------------------------------------------------------------------
class ScoreSerializer(serializers.ModelSerializer[Score]):
    model = serializers.CharField(source="run.model.name", read_only=True)
    purpose = serializers.CharField(source="run.model.purpose", read_only=True)
    as_of = serializers.DateField(source="run.as_of", read_only=True)

    class Meta:
        model = Score
        fields = ["id", "loan", "pd", "tier", "model", "purpose", "as_of", "scored_at", "run"]
        read_only_fields = fields


class ScoreFilter(filters.FilterSet):
    loan = WholeNumberFilter(field_name="loan_id")
    run = WholeNumberFilter(field_name="run_id")
    tier = filters.ChoiceFilter(choices=Tier.choices)
    purpose = filters.CharFilter(field_name="run__model__purpose")
    as_of = filters.DateFilter(field_name="run__as_of")

    class Meta:
        model = Score
        fields: list[str] = []


class ReasonSerializer(serializers.Serializer[Any]):
    feature = serializers.CharField()
    text = serializers.CharField()
    raises_risk = serializers.BooleanField()
    contribution = serializers.FloatField(help_text="To the margin, in log-odds before calibration.")


class ChangeSerializer(serializers.Serializer[Any]):
    feature = serializers.CharField()
    value = serializers.FloatField()
    wanted = serializers.FloatField()


class NextTierSerializer(serializers.Serializer[Any]):
    tier = serializers.CharField(help_text="The next lower one.")
    change = ChangeSerializer(allow_null=True, help_text="The least single change that leads there.")
    probability_paid_up = serializers.FloatField(allow_null=True, help_text="If all that is overdue were paid.")
    tier_paid_up = serializers.CharField(allow_blank=True)


class ExplanationSerializer(serializers.Serializer[Any]):
    """Why a score is what it is; base_margin and contributions sum to the margin."""

    score = serializers.IntegerField(source="score.pk")
    base_margin = serializers.FloatField()
    margin = serializers.FloatField()
    contributions = serializers.DictField(child=serializers.FloatField(), source="by_feature")
    reasons = ReasonSerializer(many=True)
    next_tier = NextTierSerializer(allow_null=True)
    refusal = serializers.CharField(allow_blank=True, help_text="Why the score cannot be explained.")


class ScoreViewSet(ReadResource):
    """Scores that were given, the newest first. Those of a run that is not yet published do not show."""

    queryset = Score.objects.published().select_related("run__model").defer(*heavy_fields("run__model"))
    serializer_class = ScoreSerializer
    filterset_class = ScoreFilter
    default_ordering = "-id"

    @extend_schema(operation_id="scores_explanation", responses={200: ExplanationSerializer}, filters=False)
    @action(detail=True, filterset_class=None)
    def explanation(self, request: Request, pk: str | None = None) -> Response:
        """Contributions of every feature, at most four reasons in plain words, and what leads to the next lower tier."""
        score = self.get_object()
        return Response(ExplanationSerializer(explain(scores=[score])[score.pk]).data)


# --- scores on demand -----------------------------------------------------------------------------------------------------
FLOAT32_MAX = 3.4028234663852886e38


@extend_schema_field({"type": "array", "maxItems": MAX_ROWS, "items": {"type": "integer", "minimum": 1}})
class LoanIdsField(serializers.Field):
    """Ids of loans; checked in one pass, since there may be ten thousand."""

    def to_internal_value(self, data: Any) -> list[int]:
        rows = _as_rows(data)
        for place, value in enumerate(rows):
            if type(value) is not int or not 0 < value < 2**63:
                raise ValidationError({str(place): ["This is not the id of a loan."]})
        return rows


@extend_schema_field(
    {
        "type": "array",
        "maxItems": MAX_ROWS,
        "items": {"type": "object", "additionalProperties": {"type": "number", "nullable": True}},
    }
)
class FeatureRowsField(serializers.Field):
    """Rows of features by name; null is a missing value."""

    def to_internal_value(self, data: Any) -> list[dict[str, float | None]]:
        rows = _as_rows(data)
        for place, row in enumerate(rows):
            if not isinstance(row, dict):
                raise ValidationError({str(place): ["This is not an object of features."]})
        return rows


def _as_rows(data: Any) -> list[Any]:
    if not isinstance(data, list) or not data:
        raise ValidationError("A list with at least one entry.")
    if len(data) > MAX_ROWS:
        raise ValidationError(f"At most {MAX_ROWS:,} entries at a time; there are {len(data):,}.")
    return data


class AskSerializer(StrictSerializer):
    """Either loans or rows."""

    loans = LoanIdsField(required=False, help_text="Loans to score as they stand now.")
    rows = FeatureRowsField(
        required=False, help_text="What if: every feature of the champion by name, null if missing."
    )
    purpose = serializers.CharField(
        required=False, max_length=40, help_text="By default the preferred one that is live."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("loans" in attrs) == ("rows" in attrs):
            raise ValidationError("Send either loans or rows.")
        return attrs


class AnswerSerializer(serializers.Serializer[Any]):
    loan = serializers.IntegerField(allow_null=True, help_text="null in answers to rows.")
    pd = serializers.FloatField(allow_null=True)
    tier = serializers.ChoiceField(Tier.choices, allow_null=True)
    model = serializers.CharField()
    as_of = serializers.DateField(allow_null=True)
    scored_at = serializers.DateTimeField()
    reason = serializers.CharField(allow_blank=True, help_text="Why there is no score.")


class AnswersSerializer(serializers.Serializer[Any]):
    results = AnswerSerializer(many=True, help_text="In the order of what was asked.")


class ScoreNowView(StrictParametersMixin, APIView):
    """Score on demand; nothing is kept, so that no Idempotency-Key is needed."""

    schema = ResourceSchema()

    @extend_schema(operation_id="score_now", request=AskSerializer, responses={200: AnswersSerializer})
    def post(self, request: Request) -> Response:
        """Score loans as they stand now, or rows of features, by the champion; up to 10,000 at a time."""
        asked = AskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        purpose = asked.validated_data.get("purpose")
        if (rows := asked.validated_data.get("rows")) is not None:
            _check_features(rows, get_champion(purpose).feature_names)
            return _answered(ask_features(rows=rows, purpose=purpose), [None] * len(rows))
        loans = asked.validated_data["loans"]
        seen = set(Loan.objects.visible_to(request.user).filter(id__in=loans).values_list("id", flat=True))  # type: ignore[arg-type]
        if unknown := {str(place): ["There is no such loan."] for place, loan in enumerate(loans) if loan not in seen}:
            raise ValidationError({"loans": unknown})
        return _answered(ask_loans(loan_ids=loans, purpose=purpose), loans)


def _answered(answers: Answers, loans: Sequence[int | None]) -> Response:
    common: dict[str, Any] = {"as_of": answers.as_of, "scored_at": answers.scored_at}
    results = [
        common
        | {"loan": loan, "pd": answer.pd, "tier": answer.tier, "reason": answer.reason}
        | {"model": answer.model or answers.model.name}
        for loan, answer in zip(loans, answers.results, strict=True)
    ]
    return Response({"results": results})


def _check_features(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> None:
    """Refuse a feature too many, one too few, and a value that float32 cannot hold; the first bad row is named."""
    wanted = set(names)
    for place, row in enumerate(rows):
        wrong: dict[str, list[str]] = {name: ["The model has no such feature."] for name in row.keys() - wanted}
        wrong |= {name: ["Missing; send null where the value is not known."] for name in wanted - row.keys()}
        for name in wanted & row.keys():
            value = row[name]
            if value is None:
                continue
            if type(value) not in (int, float):
                wrong[name] = ["This is not a number."]
            elif not (abs(value) <= FLOAT32_MAX and math.isfinite(value)):
                wrong[name] = ["This is not a finite number that float32 can hold."]
        if wrong:
            raise ValidationError({"rows": {str(place): wrong}})
