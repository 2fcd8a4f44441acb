"""A small API of teams, to test what every endpoint shares."""

import time
from typing import Any

from django.urls import include, path
from django.views import View
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from creditpath.accounts.models import Team
from creditpath.api import IdempotentCreateMixin
from creditpath.errors import DomainError
from creditpath.urls import handler400, handler403, handler404, handler500
from creditpath.urls import urlpatterns as urlpatterns_of_the_site

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


class TeamIsFull(DomainError):
    """The team has no room left."""

    code = "team_is_full"


class TeamSerializer(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields = ("id", "name")
        extra_kwargs = {"name": {"validators": []}}  # the database is to refuse a second one


class TeamViewSet(
    IdempotentCreateMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    viewsets.GenericViewSet[Team],
):
    queryset = Team.objects.order_by("id")
    serializer_class = TeamSerializer
    filterset_fields = ("name",)

    def perform_create(self, serializer: Any) -> None:
        if serializer.validated_data["name"] == "slow":
            time.sleep(0.3)
        serializer.save()

    @action(detail=False, methods=["post"])
    def fill(self, request: Request) -> Response:
        team = Team.objects.create(name=request.data["name"])
        if request.data.get("break"):
            raise TeamIsFull(fields={"name": ["full"]})
        return Response({"id": team.pk}, status=status.HTTP_201_CREATED)


class Unguarded(View):
    """A view of nobody's, to show that a forgotten route is closed."""


router = SimpleRouter(use_regex_path=False)
router.register("leaf", TeamViewSet, basename="leaf")
urlpatterns = [
    path("forgotten/", Unguarded.as_view(), name="forgotten"),
    path("api/v1/forgotten/", Unguarded.as_view(), name="forgotten-api"),
    *urlpatterns_of_the_site,
    path(
        "api/v1/", include((router.urls, "api"), namespace="api")
    ),  # last: names are looked up in the site's own first
]
