"""Who acts on the command line: whoever has the server's shell is trusted to say whose name goes on record."""

from creditpath.access import may_call
from creditpath.accounts.models import User
from scoring.errors import UnknownPerson


def get_person(username: str, *, route: str) -> User:
    """Return the active person of a log-in whose role may use a route of the pages; raises UnknownPerson."""
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise UnknownPerson(f"Nobody active has the log-in {username}.")
    if not may_call(person, route, "POST"):
        raise UnknownPerson(f"{username} may not do this: the role is {person.get_role_display()}.")
    return person


def find_person(username: str | None) -> User | None:
    """Return the active person of a log-in, None where none is given; raises UnknownPerson."""
    if username is None:
        return None
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise UnknownPerson(f"Nobody active has the log-in {username}.")
    return person
