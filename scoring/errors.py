"""What can go wrong in scoring."""

from creditpath.errors import DomainError


class UnknownLoans(DomainError):
    """Features were asked of loans that are not on the books."""

    code = "unknown_loans"


class ModelNotAccepted(DomainError):
    """This model cannot be registered."""

    code = "model_not_accepted"


class ModelTampered(DomainError):
    """The bytes of this model are not those that were registered: it is not loaded."""

    code = "model_tampered"


class ModelDoesNotFit(DomainError):
    """This model was trained on another definition of the features: train again and promote the new one."""

    code = "model_does_not_fit"


class NoChampion(DomainError):
    """No model is live: train one and promote it first."""

    code = "no_champion"


class PromotionRefused(DomainError):
    """This model cannot be promoted."""

    code = "promotion_refused"


class PromotionConflict(DomainError):
    """Another model was promoted for this purpose at the same moment: look at it, then decide again."""

    code = "promotion_conflict"


class ValidationRefused(DomainError):
    """This validation cannot be written down."""

    code = "validation_refused"


class ComparisonRefused(DomainError):
    """These models cannot be compared."""

    code = "comparison_refused"


class UnknownPerson(DomainError):
    """Nobody active has this log-in."""

    code = "unknown_person"


class RetirementRefused(DomainError):
    """This model cannot be retired."""

    code = "retirement_refused"


class UnknownEngine(DomainError):
    """There is no such scoring engine."""

    code = "unknown_engine"


class RunUnderWay(DomainError):
    """A run for this purpose and day is still under way."""

    code = "run_under_way"


class CannotExplain(DomainError):
    """The contributions of this model's features cannot be computed."""

    code = "cannot_explain"


class ExportRefused(DomainError):
    """This file cannot be written."""

    code = "export_refused"
