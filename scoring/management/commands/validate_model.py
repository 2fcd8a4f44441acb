"""Write down what the validation of a model found."""

from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand, day
from scoring.errors import UnknownPerson
from scoring.models import Materiality, Validation
from scoring.registry.people import find_person, get_person
from scoring.registry.services import find_model, validate_model
from scoring.registry.validating import Found


@dataclass(frozen=True)
class ValidationReport:
    """A validation that is on record."""

    model: str
    outcome: str
    n_findings: int

    def summary(self) -> str:
        found = f", {self.n_findings} finding(s)" if self.n_findings else ""
        return f"{self.model}: {Validation.Outcome(self.outcome).label}{found}."

    def as_json(self) -> dict[str, Any]:
        return vars(self)


class Command(ServiceCommand):
    help = (
        "Write down what the validation of a model found, as a person who did not train it. Example: manage.py validate_model "
        'default-xgboost-3 --outcome fit --summary "calibration by grade, leaks, stability" --as ravi'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", help="name of the model, such as default-xgboost-3")
        parser.add_argument("--outcome", required=True, choices=Validation.Outcome.values)
        parser.add_argument("--summary", required=True, help="what was examined, and how")
        parser.add_argument("--materiality", choices=Materiality.values, default="", help="as registered if left out")
        parser.add_argument("--as", dest="person", metavar="USER", required=True, help="the log-in of who validated it")
        parser.add_argument("--finding", metavar="TEXT", help="what is to be put right")
        parser.add_argument("--severity", choices=Materiality.values, default=Materiality.MEDIUM)
        parser.add_argument("--owner", metavar="USER", help="who puts it right")
        parser.add_argument("--due-on", type=day, metavar="DAY", help="until when")

    def run(self, **options: Any) -> ValidationReport:
        findings = []
        if options["finding"]:
            owner = find_person(options["owner"])
            if owner is None or options["due_on"] is None:
                raise UnknownPerson("A finding needs an --owner and a day, --due-on.")
            findings.append(Found(options["finding"], options["severity"], owner, options["due_on"]))
        validation = validate_model(
            model=find_model(options["version"]),
            outcome=options["outcome"],
            summary=options["summary"],
            materiality=options["materiality"],
            validated_by=get_person(options["person"], route="scoring:validate-model"),
            findings=findings,
        )
        return ValidationReport(validation.model.name, validation.outcome, len(findings))
