"""Why a day is not closed."""

from creditpath.errors import DomainError


class BooksAreFrozen(DomainError):
    """The books of a demonstration stay on their day; --force closes one more day and freezes them there."""

    code = "books_are_frozen"


class CloseUnderWay(DomainError):
    """Another close of business is under way."""

    code = "close_under_way"


class CloseStopped(DomainError):
    """The close stopped at a step that failed; it goes on there when it is started again."""

    code = "close_stopped"


class DayNotBegun(DomainError):
    """This day has not begun yet, so it cannot be closed."""

    code = "day_not_begun"


class TooManyMissedDays(DomainError):
    """The books stand too many days back to be caught up with unasked."""

    code = "too_many_missed_days"


class SkipRefused(DomainError):
    """This step cannot be skipped."""

    code = "skip_refused"
