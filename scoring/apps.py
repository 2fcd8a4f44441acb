from django.apps import AppConfig


class ScoringConfig(AppConfig):
    name = "scoring"
    verbose_name = "scoring"

    def ready(self) -> None:
        from scoring import closing, invariants, signals  # noqa: F401  (registers)
