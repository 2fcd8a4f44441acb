"""Serve with one command: web, worker and scheduler under one parent, `python -m creditpath.supervisor`.

The parent holds the embedded PostgreSQL (if that is used), starts the programs, restarts what dies, and on Ctrl-C or SIGTERM
stops everything in order. The kernel tells the programs to end if the parent itself is killed (PR_SET_PDEATHSIG), so no process
is ever left behind. It never calls django.setup(): it stays small and starts at once.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from creditpath.kinship import end_with
from creditpath.probe import answers, known_host

GRACE_SECONDS = 20.0  # gunicorn gets 10 s for its requests, the worker the time to put its job back
LONGEST_PAUSE = 30.0
SETTLED_SECONDS = 60.0  # a program that has lived that long starts its count of failures anew
HOPELESS_FAILURES = 3  # before the first answer: something is wrong that restarting does not mend
LARGEST_LOG = 10_000_000
LOG_LINES_SHOWN = 15


@dataclass
class Program:
    """One program under the supervisor."""

    name: str
    argv: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    not_before: float = 0.0


@dataclass
class Supervisor:
    """Keeps programs running until told to stop; their output goes to files in `log_dir`."""

    log_dir: Path
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    say: Callable[[str], None] = lambda line: print(line, flush=True)
    programs: list[Program] = field(default_factory=list)
    stopping: int = 0  # how many signals have asked for it

    def listen_to_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def add(self, program: Program) -> None:
        """Take a program in and start it."""
        self.programs.append(program)
        self._start(program)

    def tend(self) -> None:
        """Look after everything once: restart what has died, after a pause that doubles with each failure in a row."""
        now = time.monotonic()
        for program in self.programs:
            if program.process is not None and program.process.poll() is not None:
                self._note_death(program, now)
            if program.process is None and now >= program.not_before:
                self._start(program)

    def run(self) -> None:
        """Tend until told to stop."""
        while not self.stopping:
            self.tend()
            time.sleep(0.2)

    def stop(self) -> None:
        """End all programs: politely, after GRACE_SECONDS or a second signal by force; none is left when it returns."""
        running = [program.process for program in self.programs if program.process is not None]
        signals_before = self.stopping
        for process in running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        while any(process.poll() is None for process in running):
            if time.monotonic() > deadline or self.stopping > max(signals_before, 1):
                break
            time.sleep(0.05)
        for process in running:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # each is the leader of its group: its children end with it
            except ProcessLookupError:
                pass
            process.wait()
        self.programs.clear()

    def _start(self, program: Program) -> None:
        log = self._log_of(program)
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        with open(log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as output:
            program.process = subprocess.Popen(
                program.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment,
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor alone, who passes it on in order
                preexec_fn=_end_with(os.getpid()),
            )
        program.started_at = time.monotonic()

    def _note_death(self, program: Program, now: float) -> None:
        assert program.process is not None
        code = program.process.returncode
        if now - program.started_at > SETTLED_SECONDS:
            program.failures = 0
        pause = min(LONGEST_PAUSE, 0.5 * 2**program.failures)
        program.failures += 1
        program.not_before = now + pause
        program.process = None
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        self.say(f"{program.name} {how}; it starts again in {pause:.1f} s. From {self._log_of(program)}:")
        for line in self._log_of(program).read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]:
            self.say(f"    {line}")

    def _log_of(self, program: Program) -> Path:
        return self.log_dir / f"{program.name}.log"

    def _ask_to_stop(self, number: int, frame: object) -> None:
        self.stopping += 1


def _end_with(parent: int, number: int = signal.SIGTERM) -> Callable[[], None]:
    """Return what a child runs between fork and exec, so that the kernel sends it that signal when its parent is gone."""
    return lambda: end_with(parent, number)


def programs_for(port: int) -> tuple[Program, list[Program]]:
    """Return the web server, and what is started once it answers."""
    python = sys.executable
    web = [
        *(python, "-m", "gunicorn", "creditpath.wsgi", "--bind", f"127.0.0.1:{port}"),
        *("--workers", os.environ.get("WEB_CONCURRENCY", "2"), "--worker-class", "gthread", "--threads", "4"),
        *("--timeout", "60", "--graceful-timeout", "10", "--log-level", "warning"),
    ]
    others = [
        Program("worker", [python, "manage.py", "run_worker", "--queue", "general"]),
        Program("trainer", [python, "manage.py", "run_worker", "--queue", "training"]),
        Program("scheduler", [python, "manage.py", "run_scheduler"]),
    ]
    return Program("web", web), others


def port_is_free(port: int) -> bool:
    """Tell whether we may listen there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare if asked to, serve until told to stop, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m creditpath.supervisor", description="Serve web, workers and scheduler."
    )
    parser.add_argument("--port", type=int, default=os.environ.get("PORT") or "8000", help="default: PORT, or 8000")
    parser.add_argument("--prepare", action="store_true", help="first migrate, collect static files, build the demo")
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65535:
        parser.error(f"{options.port} is no port number")
    if not port_is_free(options.port):
        print(f"Port {options.port} is taken: stop what listens there, or choose another with PORT=…", file=sys.stderr)
        return 1

    base = Path(__file__).resolve().parent.parent
    os.chdir(base)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditpath.settings")
    from django.conf import settings

    supervisor = Supervisor(log_dir=settings.VAR_DIR / "log")
    supervisor.listen_to_signals()
    guardian = None
    if not settings.DATABASE_URL:
        from creditpath.embedded import guardian as guardians
        from creditpath.embedded import lease
        from creditpath.errors import DomainError

        try:
            lease.join()
        except DomainError as error:
            print(error, file=sys.stderr)
            return 1
        guardian = guardians.appoint()
    try:
        if options.prepare and not supervisor.stopping and (code := _prepare(supervisor)):
            return code
        return _serve(supervisor, options.port, settings.VAR_DIR)
    finally:
        supervisor.stop()
        if guardian is not None:
            guardian.dismiss()


def _prepare(supervisor: Supervisor) -> int:
    """Run `manage.py prepare` in the foreground; returns its exit code.

    It is ended by SIGINT, also by the kernel: that ends Python in order, giving back the database server.
    """
    preparing = subprocess.Popen(
        [sys.executable, "manage.py", "prepare"],
        preexec_fn=_end_with(os.getpid(), signal.SIGINT),
        start_new_session=True,
    )
    while preparing.poll() is None:
        if supervisor.stopping:
            os.killpg(preparing.pid, signal.SIGINT)
            try:
                preparing.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(preparing.pid, signal.SIGKILL)
            preparing.wait()
            return 128 + signal.SIGINT
        time.sleep(0.05)
    return abs(preparing.returncode)


def _serve(supervisor: Supervisor, port: int, var_dir: Path) -> int:
    web, others = programs_for(port)
    supervisor.add(web)
    while not supervisor.stopping and not answers(port, known_host()):
        supervisor.tend()
        if web.failures >= HOPELESS_FAILURES:
            supervisor.say("The web server does not start; see above.")
            return 1
        time.sleep(0.1)
    if supervisor.stopping:
        return 0
    for program in others:
        supervisor.add(program)
    logins = var_dir / "demo-logins.txt"
    if logins.exists():
        supervisor.say(logins.read_text().rstrip())
    supervisor.say(f"CreditPathAI is ready on http://127.0.0.1:{port}")
    supervisor.run()
    supervisor.say("Stopping …")
    return 0


if __name__ == "__main__":
    sys.exit(main())
