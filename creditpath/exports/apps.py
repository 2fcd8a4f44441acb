from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "creditpath.exports"
    label = "exports"
    verbose_name = "exports"
