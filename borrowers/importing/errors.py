"""What can go wrong with an import as a whole."""

from creditpath.errors import DomainError


class MappingInvalid(DomainError):
    """The mapping cannot be used."""

    code = "mapping_invalid"


class SourceUnreadable(DomainError):
    """The source cannot be read."""

    code = "source_unreadable"


class RowsRejected(DomainError):
    """Rows of the source cannot be imported."""

    code = "rows_rejected"


class ImportRunning(DomainError):
    """Another import is running: wait until it has ended."""

    code = "import_running"


class NoSuchTeam(DomainError):
    """There is no such team."""

    code = "no_such_team"


class ImportCutOff(DomainError):
    """The import was cut off; nothing of it was published."""

    code = "import_cut_off"
