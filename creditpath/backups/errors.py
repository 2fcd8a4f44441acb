"""Why there is no backup, or nothing was restored."""

from creditpath.errors import DomainError


class BackupFailed(DomainError):
    """No backup was made."""

    code = "backup_failed"


class NotABackup(DomainError):
    """This file is no backup of this product, or not a whole one."""

    code = "not_a_backup"


class TargetNotEmpty(DomainError):
    """A backup is restored into an empty database only."""

    code = "target_not_empty"


class RestoreFailed(DomainError):
    """Nothing was restored: the database is as empty as before."""

    code = "restore_failed"


class ClientMissing(DomainError):
    """The client programs of PostgreSQL are missing."""

    code = "client_missing"
