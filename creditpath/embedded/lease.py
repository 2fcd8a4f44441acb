"""Who uses the embedded server: the first one in starts it, the last one out stops it.

Two locked files in var/postgres, locks of the kernel that no crash can leave behind:

    users.lock   held shared by every process that uses the server, until it ends. Whoever ends tries for it exclusively: if
                 that succeeds nobody else is in, and the server is stopped before the lock is given back.
    start.lock   held exclusively while the state of the server is looked at and changed.

A user takes users.lock before it looks, so a server that answers cannot be stopped under it, and one that is being stopped is
waited for. After kill -9 of all users the server runs on; the next user finds it and stops it when it ends.
"""

import atexit
import fcntl
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from creditpath.embedded import places as places_module
from creditpath.embedded import server
from creditpath.embedded.places import Places


@dataclass
class _Lease:
    """This process's share in the server."""

    descriptor: int
    pid: int
    places: Places | None = None


_lease: _Lease | None = None
_guard = threading.RLock()


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def hold() -> None:
    """Keep the server from being stopped until this process ends, without starting it."""
    global _lease
    with _guard:
        if _lease is not None:
            return
        control = places_module.control_dir(Path(settings.VAR_DIR))
        descriptor = os.open(control / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # waits while somebody is stopping the server
        _lease = _Lease(descriptor, os.getpid())


def join() -> Places:
    """Return the places of a server that takes connections; one connect to the socket when all is well."""
    with _guard:
        hold()
        assert _lease is not None
        if _lease.places is None or not server.is_listening(_lease.places):
            with _start_lock():
                _lease.places = places_module.prepare(Path(settings.VAR_DIR), _say)
                server.ensure_running(_lease.places, _say)
        return _lease.places


def leave() -> bool:
    """Give up this process's share and stop the server if nobody else has one; tell whether nobody had."""
    global _lease
    with _guard:
        lease, _lease = _lease, None
        if lease is None or lease.pid != os.getpid():
            return False
        try:
            fcntl.flock(lease.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False  # others are in; of two that leave at once the later one gets the lock
        else:
            with _start_lock():
                found = lease.places or places_module.existing(Path(settings.VAR_DIR), _say)
                if found:
                    server.stop(found, _say)
            return True
        finally:
            os.close(lease.descriptor)


@contextmanager
def _start_lock() -> Iterator[None]:
    descriptor = os.open(
        places_module.control_dir(Path(settings.VAR_DIR)) / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _forget_after_fork() -> None:
    """Leave the parent's share to the parent: closing a copy of the descriptor does not unlock, and a child that connects
    takes a share of its own."""
    global _lease, _guard
    if _lease is not None:
        os.close(_lease.descriptor)
        _lease = None
    _guard = threading.RLock()


os.register_at_fork(after_in_child=_forget_after_fork)
atexit.register(leave)
