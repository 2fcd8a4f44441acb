"""What can go wrong with the books."""

from creditpath.errors import DomainError


class NoBusinessDate(DomainError):
    """The books have no business date yet: import a portfolio or simulate one first."""

    code = "no_business_date"


class DayNotClosed(DomainError):
    """This day lies after the business date, so nothing can be said of it yet."""

    code = "day_not_closed"


class LoanNotThere(DomainError):
    """This loan was not on the books on that day."""

    code = "loan_not_there"


class CoreFileUnreadable(DomainError):
    """The core system's file cannot be read."""

    code = "core_file_unreadable"


class PaymentRefused(DomainError):
    """This payment cannot be entered."""

    code = "payment_refused"


class ReferenceTaken(DomainError):
    """Another payment has this reference already: it was entered before."""

    code = "reference_taken"


class ReversalRefused(DomainError):
    """This payment cannot be reversed."""

    code = "reversal_refused"


class BooksNotEmpty(DomainError):
    """The books already hold borrowers: a portfolio is simulated on empty books only."""

    code = "books_not_empty"


class SimulationRefused(DomainError):
    """A portfolio of this shape cannot be simulated."""

    code = "simulation_refused"


class EdgesOutOfOrder(DomainError):
    """The edges of bands of days past due must begin with 0 and rise."""

    code = "edges_out_of_order"


class UnknownMeasure(DomainError):
    """No measure has this name."""

    code = "unknown_measure"
