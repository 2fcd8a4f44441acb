"""Stop the server even if the supervisor is killed: a forked process that waits for its end and sees everybody out."""

import os
import signal
import time
from dataclasses import dataclass

from creditpath.embedded import lease

PATIENCE_SECONDS = 60.0


@dataclass
class Guardian:
    """A process that holds a share in the server until the one that appointed it is gone."""

    pid: int
    pipe: int

    def dismiss(self) -> None:
        """Give up our own share, and wait until the guardian has stopped the server or left it to others."""
        lease.leave()
        os.close(self.pipe)
        os.waitpid(self.pid, 0)


def appoint() -> Guardian:
    """Fork a guardian; the caller must have one thread and no database connection."""
    ear, mouth = os.pipe()
    pid = os.fork()
    if pid:
        os.close(ear)
        return Guardian(pid, mouth)
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.close(mouth)
        lease.hold()
        os.read(ear, 1)  # returns when the other end is closed: by dismiss(), or by the kernel for a killed process
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not lease.leave() and time.monotonic() < deadline:
            time.sleep(0.1)
            lease.hold()
    finally:
        os._exit(0)
