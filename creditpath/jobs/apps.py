from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "creditpath.jobs"
    label = "jobs"
    verbose_name = "background jobs"

    def ready(self) -> None:
        """Load <app>/jobs.py of every app, where jobs, sweeps and schedules are declared."""
        from creditpath.jobs import queries  # noqa: F401  # registers the gauges of the queue

        autodiscover_modules("jobs")
