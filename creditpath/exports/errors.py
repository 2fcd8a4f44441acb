"""Why a list is not exported."""

from creditpath.errors import DomainError


class TooManyRows(DomainError):
    """This list is too long for one file."""

    code = "too_many_rows"


class ExportFailed(DomainError):
    """The file could not be written; nothing was exported."""

    code = "export_failed"
