"""What can go wrong at the door."""

from creditpath.errors import DomainError


class WrongCredentials(DomainError):
    """The user name or the password is wrong."""

    code = "wrong_credentials"
    http_status = 401
    http_headers = {"WWW-Authenticate": "Token"}
