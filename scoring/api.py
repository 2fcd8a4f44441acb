"""Models and scores over REST: what was scored, by which model, and scores on demand."""


import django_filters as filters
from django.db.models import Exists, OuterRef
from rest_framework import serializers

from creditpath.resources import ObjectField, ReadResource
from scoring.models import Deployment, ModelVersion, Score, Tier

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
    trained_by = serializers.SlugRelatedField("username", read_only=True)
    is_live = serializers.BooleanField(read_only=True, help_text="The champion of its purpose.")

    class Meta:
        model = ModelVersion
        fields = [
            "id", "name", "purpose", "algorithm", "is_live", "sha256", "feature_set", "feature_names", "target",
            "data_window", "parameters", "metrics", "parity", "threshold", "tier_edges", "library_versions",
            "is_simulated", "trained_at", "trained_by",
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

    queryset = ModelVersion.objects.select_related("trained_by").defer("onnx").annotate(is_live=LIVE)
    serializer_class = ModelSerializer
    filterset_class = ModelFilter
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
    loan = filters.NumberFilter(field_name="loan_id")
    run = filters.NumberFilter(field_name="run_id")
    tier = filters.ChoiceFilter(choices=Tier.choices)
    purpose = filters.CharFilter(field_name="run__model__purpose")
    as_of = filters.DateFilter(field_name="run__as_of")

    class Meta:
        model = Score
        fields: list[str] = []


class ScoreViewSet(ReadResource):
    """Scores that were given, the newest first. Those of a run that is not yet published do not show."""

    queryset = Score.objects.published().select_related("run__model").defer("run__model__onnx")
    serializer_class = ScoreSerializer
    filterset_class = ScoreFilter
    default_ordering = "-id"
