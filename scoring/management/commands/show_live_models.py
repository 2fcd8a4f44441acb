"""Tell which models were live on a day."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from creditpath.command import ServiceCommand, day
from scoring.models import Deployment


@dataclass(frozen=True)
class LiveReport:
    """The models that were live on a day, with the hours at which they came and went."""

    day: date
    deployments: tuple[Deployment, ...]

    def summary(self) -> str:
        if not self.deployments:
            return f"No model was live on {self.day}."
        return "\n".join(
            f"{one.purpose:<20} {one.get_segment_display():<24} {one.model.name:<28} from {one.live_from:%Y-%m-%d %H:%M} UTC"
            + (f" until {one.live_until:%Y-%m-%d %H:%M}" if one.live_until else "")
            + (f", approved by {one.decision.decided_by.username}" if one.decision else "")
            for one in self.deployments
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "day": self.day,
            "live": [
                {
                    "purpose": one.purpose,
                    "segment": one.segment,
                    "model": one.model.name,
                    "sha256": one.model.sha256,
                    "live_from": one.live_from,
                    "live_until": one.live_until,
                    "proposed_by": one.promoted_by.username if one.promoted_by else None,
                    "approved_by": one.decision.decided_by.username if one.decision else None,
                    "reason": one.reason,
                }
                for one in self.deployments
            ],
        }


class Command(ServiceCommand):
    help = "Tell which models were live on a day, by purpose and segment. Example: manage.py show_live_models --on 2026-06-30"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", type=day, help="the day, in the lender's zone (today)")
        parser.add_argument("--purpose", help="of this purpose alone")

    def run(self, **options: Any) -> LiveReport:
        asked = options["on"] or timezone.localdate()
        rows = Deployment.objects.live_on(asked).with_people()
        if options["purpose"]:
            rows = rows.filter(purpose=options["purpose"])
        return LiveReport(asked, tuple(rows))
