"""The endpoints of scoring; their names are those of the namespace api, such as "api:score-list"."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from scoring.api import ComparisonViewSet, DeploymentViewSet, ModelViewSet, ScoreNowView, ScoreViewSet

router = SimpleRouter(use_regex_path=False)
router.register("models", ModelViewSet, basename="model")
router.register("deployments", DeploymentViewSet, basename="deployment")
router.register("comparisons", ComparisonViewSet, basename="comparison")
router.register("scores", ScoreViewSet, basename="score")
urlpatterns = [path("score/", ScoreNowView.as_view(), name="score-now"), *router.urls]
