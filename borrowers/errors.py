"""What can go wrong with the books."""

from creditpath.errors import DomainError


class NoBusinessDate(DomainError):
    """The books have no business date yet: import a portfolio or simulate one first."""

    code = "no_business_date"
