"""What can go wrong in training."""

from creditpath.errors import DomainError


class TrainingRefused(DomainError):
    """This training does not make sense as it was asked for."""

    code = "training_refused"


class NoCompleteWindow(DomainError):
    """No observation day has its whole horizon on the books yet."""

    code = "no_complete_window"


class TooFewRows(DomainError):
    """There are too few rows to train on."""

    code = "too_few_rows"


class OneClass(DomainError):
    """All rows have the same outcome, so there is nothing to learn."""

    code = "one_class"


class UnknownAttribute(DomainError):
    """No loan has this attribute."""

    code = "unknown_attribute"


class NothingProven(DomainError):
    """No exported model gives what the trained one gives, so none is registered."""

    code = "nothing_proven"


class TrainingUnderWay(DomainError):
    """A training for the same outcome waits or runs already."""

    code = "training_under_way"
