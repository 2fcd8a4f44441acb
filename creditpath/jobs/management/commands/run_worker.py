"""Run background jobs until told to stop."""

from dataclasses import asdict, dataclass
from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand
from creditpath.jobs.registry import QUEUES
from creditpath.jobs.worker import WorkerLoop


@dataclass(frozen=True)
class WorkerReport:
    """How a worker ended."""

    worker: str
    jobs: int | None

    def summary(self) -> str:
        return f"{self.worker} has stopped." if self.jobs is None else f"{self.jobs} jobs run."

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Command(ServiceCommand):
    help = (
        "Run background jobs and sweeps; several workers at once share them. SIGTERM and Ctrl-C let the current job end."
        " Example: manage.py run_worker --name night-1"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--name", help="how this worker is called in the list of jobs; host and process id if not given"
        )
        parser.add_argument(
            "--queue", choices=QUEUES, help="take only jobs of this queue, so that none waits behind a training"
        )
        parser.add_argument("--once", action="store_true", help="run the jobs that are due now and end")

    def run(self, **options: Any) -> WorkerReport:
        worker = WorkerLoop(name=options["name"], queue=options["queue"])
        if options["once"]:
            return WorkerReport(worker.name, worker.work_off())
        with worker.stopped_by_signals():
            worker.run()
        return WorkerReport(worker.name, None)
