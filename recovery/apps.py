from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RecoveryConfig(AppConfig):
    name = "recovery"
    verbose_name = "recovery"

    def ready(self) -> None:
        """Register what `verify` checks, what is done at the close of a day, what it says on cards of models."""
        from recovery import closing, invariants, model_card  # noqa: F401
        from recovery.evidence import invariants as of_evidence  # noqa: F401

        post_migrate.connect(_register_dashboards, sender=self)
        post_migrate.connect(_ship_rules, sender=self)


def _register_dashboards(using: str, **kwargs: Any) -> None:
    """Write the rows that django-plotly-dash would write at the first visit, where two requests at once make one of them fail."""
    from django_plotly_dash.models import StatelessApp

    from creditpath.access import DASHBOARDS

    for name in DASHBOARDS:
        StatelessApp.objects.using(using).get_or_create(app_name=name, defaults={"slug": name})


def _ship_rules(using: str, **kwargs: Any) -> None:
    """Write what the product comes with: contact rules, templates, terms of plans; a schema of the past gets nothing."""
    from django.apps import apps
    from django.db import connections

    from creditpath.sql import load
    from recovery.alerts.services import ensure_shipped_alert_rules
    from recovery.contacts.shipped import ensure_shipped_rules
    from recovery.outreach.templating import ensure_shipped_templates

    needed = {
        (model._meta.db_table, field.column)
        for model in apps.get_app_config("recovery").get_models()
        for field in model._meta.local_concrete_fields
        if field.column
    }
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        )
        there = set(cursor.fetchall())
    if not needed | {("recovery_known_time_zone", "name")} <= there:
        return
    ensure_shipped_rules(using=using)
    ensure_shipped_templates(using=using)
    ensure_shipped_alert_rules(using=using)
    with connections[using].cursor() as cursor:
        cursor.execute(load("recovery", "plans/starting_terms.sql"))
        if kwargs.get("plan"):  # of a migration, after which the server may be a newer one that knows more zones
            cursor.execute("SELECT learn_time_zones()")
