from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "creditpath.accounts"
    label = "accounts"
    verbose_name = "people"
