from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "creditpath.accounts"
    label = "accounts"
    verbose_name = "people"

    def ready(self) -> None:
        from creditpath import checks  # noqa: F401  # registers the system checks of the leaf layer
