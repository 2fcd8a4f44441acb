"""The endpoints of scoring; their names are those of the namespace api, such as "api:loan-list"."""

from rest_framework.routers import SimpleRouter

router = SimpleRouter()
urlpatterns = router.urls
