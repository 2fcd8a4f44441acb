"""Is it alive, is it ready, and its figures."""

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from creditpath.jobs.queries import is_a_worker_alive
from creditpath.metrics import render_metrics


def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; it looks at nothing else, so that a database at rest kills no web process."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


class OneFormat(BaseContentNegotiation):
    """Answer in the one format there is, whatever a monitor says it accepts."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return JSONRenderer(), "application/json"


class ReadyView(APIView):
    """Say whether the whole product can work: database, migrations, a living worker; 503 where one is missing."""

    content_negotiation_class = OneFormat

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        executor = MigrationExecutor(connection)
        parts = {
            "database": True,  # whoever asked was looked up in it
            "migrations": not executor.migration_plan(executor.loader.graph.leaf_nodes()),
            "worker": is_a_worker_alive(),
        }
        ready = all(parts.values())
        return Response({"ready": ready, **parts}, status=200 if ready else 503)


class MetricsView(APIView):
    """Give the figures of the product to Prometheus."""

    content_negotiation_class = OneFormat

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(render_metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")
