from django.apps import AppConfig


class BorrowersConfig(AppConfig):
    name = "borrowers"
    verbose_name = "the books"

    def ready(self) -> None:
        from borrowers import invariants, signals  # noqa: F401  (registers)
        from borrowers.clock import find_business_date
        from borrowers.closing import steps  # noqa: F401
        from creditpath.exports.services import stand_at

        stand_at(find_business_date)
