"""Propose that a model goes live, and approve or refuse it as a second person."""

from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import Report, ServiceCommand
from scoring.errors import PromotionRefused
from scoring.models import ModelVersion, PromotionProposal, Segment
from scoring.registry.people import get_person
from scoring.registry.promoting import find_comparison, find_served_by, report_proposal
from scoring.registry.services import decide_promotion, find_model, propose_promotion

EXAMPLE = (
    'Example: manage.py promote_model default-xgboost-3 --reason "best AUC by time" --as hana; then another person: '
    "manage.py promote_model default-xgboost-3 --approve --as marit"
)


class Command(ServiceCommand):
    help = (
        "Propose that a model becomes the champion of its purpose; a second person, who neither proposed nor trained it, "
        f"approves. Where there is a champion, both are compared on the same rows first. {EXAMPLE}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", help="name of the model, such as default-xgboost-3")
        parser.add_argument("--as", dest="person", metavar="USER", required=True, help="the log-in of who acts")
        parser.add_argument("--reason", default="", help="why, for the record; needed to propose and to refuse")
        parser.add_argument(
            "--segment", choices=[one for one in Segment.values if one], default="", help="for this bucket alone"
        )
        parser.add_argument(
            "--in-spite-of",
            metavar="WHY",
            default="",
            help="why it should go live although something speaks against it",
        )
        decision = parser.add_mutually_exclusive_group()
        decision.add_argument("--approve", action="store_true", help="approve what another person proposed")
        decision.add_argument("--refuse", action="store_true", help="refuse what is proposed")

    def run(self, **options: Any) -> Report:
        model = find_model(options["version"])
        if options["approve"] or options["refuse"]:
            return decide_promotion(
                proposal=self.waiting(model, options["segment"]),
                is_approved=options["approve"],
                decided_by=get_person(options["person"], route="scoring:decide-promotion"),
                reason=options["reason"],
            )
        person = get_person(options["person"], route="scoring:propose-promotion")
        champion = find_served_by(purpose=model.purpose, segment=options["segment"])
        if (
            champion is not None
            and champion != model
            and find_comparison(model=model, champion=champion, segment=options["segment"]) is None
        ):
            from scoring.training.comparing import compare_models

            compare_models(
                model=model, champion=champion, segment=options["segment"], compared_by=person, progress=self.progress
            )
        return report_proposal(
            propose_promotion(
                model=model,
                reason=options["reason"],
                proposed_by=person,
                segment=options["segment"],
                in_spite_of=options["in_spite_of"],
            )
        )

    @staticmethod
    def waiting(model: ModelVersion, segment: str) -> PromotionProposal:
        proposal = PromotionProposal.objects.waiting().filter(model=model, segment=segment).first()
        if proposal is None:
            raise PromotionRefused(f"Nobody has proposed {model.name}: one person proposes, another approves.")
        return proposal
