"""What can go wrong with an upload."""

from creditpath.errors import DomainError


class UploadRefused(DomainError):
    """This file cannot be taken."""

    code = "upload_refused"


class UploadNotReady(DomainError):
    """This step is not open yet: go through the steps in order."""

    code = "upload_not_ready"
