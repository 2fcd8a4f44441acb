from django.apps import AppConfig


class BorrowersConfig(AppConfig):
    name = "borrowers"
    verbose_name = "the books"

    def ready(self) -> None:
        from borrowers import invariants, signals  # noqa: F401  (registers)
        from borrowers.closing import steps  # noqa: F401
