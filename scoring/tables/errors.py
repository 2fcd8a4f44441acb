"""What can be wrong with a table."""

from creditpath.errors import DomainError


class TableRefused(DomainError):
    """A table that cannot be read, learned from or scored."""

    code = "table_refused"
