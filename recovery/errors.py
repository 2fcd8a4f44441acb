"""What can go wrong with the work."""

from creditpath.errors import DomainError


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
