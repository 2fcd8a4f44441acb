"""What can go wrong with the work."""

from typing import TYPE_CHECKING, Any

from creditpath.errors import DomainError

if TYPE_CHECKING:
    from recovery.contacts.permission import Answer
    from recovery.models import ContactBlock


class FiguresAreOfAnotherDay(DomainError):
    """Days past due are not refreshed for that day: run refresh_delinquency first."""

    code = "figures_are_of_another_day"


class ActionRefused(DomainError):
    """The follow-up cannot be recorded like this."""

    code = "invalid"


class BorrowerOutOfReach(DomainError):
    """There is no such borrower among those that you service."""

    code = "not_found"


class FormAlreadyUsed(DomainError):
    """This form was sent before, for another borrower: open the page again."""

    code = "form_already_used"


class ContactNotPermitted(DomainError):
    """The rules do not permit this contact now."""

    code = "contact_not_permitted"
    http_status = 409

    def __init__(self, *, answer: "Answer", block: "ContactBlock") -> None:
        self.answer, self.block = answer, block
        super().__init__(answer.sentence)

    def as_json(self) -> dict[str, Any]:
        """Return the error with the whole answer of the gate."""
        return super().as_json() | {"answer": self.block.answer}


class AttemptIsOver(DomainError):
    """This attempt is over."""

    code = "attempt_is_over"


class GrievanceRefused(DomainError):
    """The dispute or complaint, or its answer, cannot be kept like this."""

    code = "invalid"


class ProposalRefused(DomainError):
    """This cannot be proposed or decided like this."""

    code = "invalid"


class HoldRefused(DomainError):
    """The hold cannot be set like this."""

    code = "invalid"


class RuleNotApproved(DomainError):
    """The rules cannot be changed like this."""

    code = "rule_not_approved"


class PolicyRefused(DomainError):
    """The policy cannot be changed like this."""

    code = "policy_refused"


class PolicyIsNoDraft(DomainError):
    """This version is no draft any more: begin a new version from it and change that."""

    code = "policy_is_no_draft"


class AnswerRefused(DomainError):
    """The recommendation cannot be answered like this."""

    code = "answer_refused"


class TemplateRefused(DomainError):
    """The template cannot be used like this."""

    code = "template_refused"


class MessageRefused(DomainError):
    """The message cannot be sent."""

    code = "message_refused"


class MessageIsOver(DomainError):
    """This message has moved on."""

    code = "message_is_over"


class DiallerRefused(DomainError):
    """The file cannot be taken like this."""

    code = "dialler_refused"


class EventKnownOtherwise(DomainError):
    """An event with this id came in before and said something else."""

    code = "event_known_otherwise"
    http_status = 409


class IdentityCheckRefused(DomainError):
    """The caller cannot be identified like this."""

    code = "identity_check_refused"


class PlanRefused(DomainError):
    """The plan cannot be made like this."""

    code = "plan_refused"


class CareRefused(DomainError):
    """The record cannot be written like this."""

    code = "care_refused"


class PageRefused(DomainError):
    """This cannot be done now. Please call us."""

    code = "page_refused"


class TeamRefused(DomainError):
    """The shift, absence or hand-over cannot be kept like this."""

    code = "team_refused"


class AlertRefused(DomainError):
    """This alert cannot be seen to like this."""

    code = "alert_refused"


class EvidenceRefused(DomainError):
    """Evidence is not kept or erased like this."""

    code = "invalid"
