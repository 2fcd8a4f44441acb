from django.apps import AppConfig


class RecoveryConfig(AppConfig):
    name = "recovery"
    verbose_name = "recovery"

    def ready(self) -> None:
        """Register what `verify` checks."""
        from recovery import invariants  # noqa: F401
