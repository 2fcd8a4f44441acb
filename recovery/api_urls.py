"""The endpoints of recovery; their names are those of the namespace api, such as "api:action-list"."""

from rest_framework.routers import SimpleRouter

from recovery.api import ActionViewSet, RecommendationViewSet, WorklistViewSet

router = SimpleRouter(use_regex_path=False)
router.register("recommendations", RecommendationViewSet, basename="recommendation")
router.register("worklist", WorklistViewSet, basename="worklist")
router.register("actions", ActionViewSet, basename="action")
urlpatterns = router.urls
