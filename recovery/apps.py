from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RecoveryConfig(AppConfig):
    name = "recovery"
    verbose_name = "recovery"

    def ready(self) -> None:
        """Register what `verify` checks, what is done at the close of a day, and the dashboards."""
        from recovery import closing, invariants  # noqa: F401

        post_migrate.connect(_register_dashboards, sender=self)


def _register_dashboards(using: str, **kwargs: Any) -> None:
    """Write the rows that django-plotly-dash would write at the first visit, where two requests at once make one of them fail."""
    from django_plotly_dash.models import StatelessApp

    from creditpath.access import DASHBOARDS

    for name in DASHBOARDS:
        StatelessApp.objects.using(using).get_or_create(app_name=name, defaults={"slug": name})
