from typing import Any

from creditpath.command import ServiceCommand
from recovery.evidence.sealing import SealReport, seal_evidence


class Command(ServiceCommand):
    help = (
        "Put what was done since the last time into the chains of evidence, as the close of each day does, and print the digest "
        "with which the last seal ends. Example: manage.py seal_evidence --json"
    )

    def run(self, **options: Any) -> SealReport:
        return seal_evidence(progress=self.progress)
