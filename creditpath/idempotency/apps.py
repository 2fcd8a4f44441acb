from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "creditpath.idempotency"
    label = "idempotency"
    verbose_name = "answers given once"
