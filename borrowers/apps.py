from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BorrowersConfig(AppConfig):
    name = "borrowers"
    verbose_name = "the books"

    def ready(self) -> None:
        from borrowers import invariants, signals  # noqa: F401  (registers)
        from borrowers.clock import find_business_date
        from borrowers.closing import steps  # noqa: F401
        from creditpath.exports.services import stand_at

        stand_at(find_business_date)
        post_migrate.connect(_ship_promise_rule, sender=self)


def _ship_promise_rule(using: str, **kwargs: Any) -> None:
    """Write the rule of promises that the product comes with, where there is none."""
    from django.db import connections

    from creditpath.sql import load

    if "borrowers_promiserule" in connections[using].introspection.table_names():
        with connections[using].cursor() as cursor:
            cursor.execute(load("borrowers", "starting_promise_rule.sql"))
