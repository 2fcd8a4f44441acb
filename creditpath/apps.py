from django.apps import AppConfig


class CreditPathConfig(AppConfig):
    name = "creditpath"
    verbose_name = "the platform"
