from typing import Any

from creditpath.command import ServiceCommand
from creditpath.invariants import VerifyReport, verify


class Command(ServiceCommand):
    help = "Check every invariant of the data; exit 1 names what broke. Example: manage.py verify --json"

    def run(self, **options: Any) -> VerifyReport:
        return verify()
