"""Create, start, wait for and stop the embedded PostgreSQL, by its own programs.

Nothing here decides when: see lease.py. All functions expect the start lock to be held.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from creditpath.embedded.places import EmbeddedServerError, Places, Say

ROLE = DATABASE = "creditpath"
PORT = "5432"  # names the socket only: the server listens on no address
READY, BUSY, AWAY = 0, 1, 2  # exit codes of pg_isready
PATIENCE_SECONDS = 3600  # crash recovery replays all WAL since the last checkpoint; giving up early helps nobody
LARGEST_LOG = 10_000_000

HBA = f"""\
# One role, by password, through a socket in a folder that only its user can enter. The superuser cannot log in at all:
# what only it may do is done while the server is down, in single-user mode.
local all {ROLE} scram-sha-256
"""


def is_listening(places: Places) -> bool:
    """Tell whether somebody answers at the socket; costs one connect."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(places.socket_path))
        except OSError:
            return False
    return True


def ensure_running(places: Places, say: Say) -> None:
    """Return when the server takes connections, creating and starting it where needed."""
    if is_listening(places):
        told = time.monotonic()
        while (state := _pg_isready(places)) == BUSY:
            if time.monotonic() - told > 5:
                say("Waiting for the embedded PostgreSQL, which is starting or stopping …")
                told = time.monotonic()
            time.sleep(0.1)
        if state == READY and places.password_file.exists():
            return
    _clear_leftovers(places, say)
    if not places.data.exists():
        say("Creating the embedded PostgreSQL …")
        _create(places)
    elif not places.password_file.exists():
        _set_password(places, "data", f"ALTER ROLE {ROLE} PASSWORD")
    _start(places, say)


def stop(places: Places, say: Say) -> None:
    """Stop the server if it runs: sessions are ended, everything is written, the next start needs no recovery."""
    if not is_listening(places):
        return
    done = _run(places, "pg_ctl", "-D", "data", "-m", "fast", "-w", "-t", "120", "-s", "stop", check=False)
    if done.returncode:
        say(f"The embedded PostgreSQL did not stop: {(done.stderr or done.stdout).strip()}")


def _create(places: Places) -> None:
    """Make the cluster aside and move it into place when complete, so that an interrupted first run leaves no half of one."""
    making = places.home / "data.making"
    if making.exists():
        shutil.rmtree(making)
    making.mkdir(mode=0o700)
    if places.run_as:
        os.chown(making, *places.run_as)
    _run(
        places,
        *("initdb", "-D", "data.making", "-U", "postgres", "-E", "UTF8", "--no-instructions"),
        # Sorting by code point is the same on every machine, whatever locales it has; words are sorted where shown.
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
        "--auth=reject",
    )
    _set_password(places, "data.making", f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD")
    _single_user(places, "data.making", f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
    making.rename(places.data)


def _set_password(places: Places, data: str, statement: str) -> None:
    password = secrets.token_urlsafe(32)
    _single_user(places, data, f"{statement} '{password}'")
    fresh = places.password_file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with open(fresh, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
        stream.write(password)
    fresh.rename(places.password_file)


def _single_user(places: Places, data: str, statement: str) -> None:
    """Run one statement as the superuser, on a server that is down; nobody can connect meanwhile."""
    done = _run(places, "postgres", "--single", "-D", data, "-c", "log_min_messages=error", "postgres", stdin=statement)
    if "ERROR:" in done.stderr or "FATAL:" in done.stderr:
        complaint = next(line for line in done.stderr.splitlines() if "ERROR:" in line or "FATAL:" in line)
        raise EmbeddedServerError(f"The embedded PostgreSQL refuses to be set up: {complaint}")


def _start(places: Places, say: Say) -> None:
    """Start it and wait, saying so every few seconds: after a crash it first replays what it had promised to keep."""
    if places.log.exists() and places.log.stat().st_size > LARGEST_LOG:
        places.log.replace(places.log.with_suffix(".log.1"))
    (places.home / "server.conf").write_text(_configuration(places))
    (places.home / "access.conf").write_text(HBA)
    for name in ("server.conf", "access.conf"):
        (places.home / name).chmod(0o644 if places.run_as else 0o600)
    command = [
        *(str(places.binaries / "pg_ctl"), "-D", "data", "-l", "log/server.log", "-s"),
        *("-w", "-t", str(PATIENCE_SECONDS), "-o", "-c config_file=server.conf", "start"),
    ]
    # Not our process group: Ctrl-C in a terminal must reach us, who then stop the server in order.
    with subprocess.Popen(command, **_surroundings(places), start_new_session=True) as starting:
        while True:
            try:
                starting.communicate(timeout=5)
                break
            except subprocess.TimeoutExpired:
                say("The embedded PostgreSQL is starting; after a crash it first brings its files in order …")
    if starting.returncode:
        tail = places.log.read_text(errors="replace").splitlines()[-5:] if places.log.exists() else []
        raise EmbeddedServerError(
            "The embedded PostgreSQL does not start. " + " | ".join([*tail, f"See {places.log}."])
        )


def _configuration(places: Places) -> str:
    """Return the server's settings for this machine, each with its reason."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    shared_mb = max(64, min(8192, memory_mb // 4))
    quoted = str(places.socket_dir).replace("'", "''")
    return f"""\
include 'data/postgresql.conf'
hba_file = 'access.conf'
listen_addresses = ''                     # no TCP at all
port = {PORT}
unix_socket_directories = '{quoted}'
unix_socket_permissions = 0777            # the folder around it is what is private (0700); root has to pass too
timezone = 'UTC'
max_connections = 60
shared_buffers = {shared_mb}MB            # a quarter of the memory, at most 8 GB; small books touch little of it
bgwriter_delay = 10ms                     # after millions of rows were rewritten, sessions that read should not have to write
bgwriter_lru_maxpages = 2000
bgwriter_lru_multiplier = 4
effective_cache_size = {max(128, memory_mb // 2)}MB
work_mem = 32MB                           # feature queries sort and hash millions of rows, few sessions at once
maintenance_work_mem = 256MB
random_page_cost = 1.1                    # SSD
jit = off                                 # compiling costs more than these queries take
max_wal_size = 8GB                        # rewriting millions of rows would otherwise force a checkpoint every few seconds
wal_compression = off                     # pages in full after a checkpoint cost less disk than compressing them costs time
synchronous_commit = on                   # what was acknowledged is kept
fsync = on
log_min_error_statement = panic           # the log must not repeat people's data: no statements,
log_error_verbosity = terse               # no DETAIL lines with values
log_line_prefix = '%m [%p] '
"""


def _clear_leftovers(places: Places, say: Say) -> None:
    """Deal with what a killed server left: a postmaster whose socket is gone, orphaned sessions, a pid file that misleads.

    PostgreSQL treats a pid file as stale only if no process has that number; a zombie, or in a container, where numbers start
    over with each boot, any program of the same user keeps the server down. So the file is removed here, but only after it is
    certain that no process works in the data folder: two servers on one folder would destroy it.
    """
    pid_file = places.data / "postmaster.pid"
    try:
        postmaster = int(pid_file.read_text().splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        postmaster = 0
    workers = _processes_in(places.data)
    if postmaster in workers:
        say("Restarting an embedded PostgreSQL that can no longer be reached …")
        _run(places, "pg_ctl", "-D", "data", "-m", "fast", "-w", "-t", "120", "-s", "stop")
        workers = _processes_in(places.data)
    asked = time.monotonic()
    while workers:
        late = time.monotonic() - asked > 10
        for worker in workers:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(0.1)
        workers = _processes_in(places.data)
    for left in (pid_file, places.socket_path, Path(f"{places.socket_path}.lock")):
        left.unlink(missing_ok=True)


def _processes_in(folder: Path) -> set[int]:
    """Return the processes whose working folder this is; every process of a server works in its data folder."""
    found = set()
    folder = folder.resolve()
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):  # ended meanwhile, or somebody else's
            if link.readlink() == folder:
                found.add(int(link.parent.name))
    return found


def _pg_isready(places: Places) -> int:
    command = [str(places.binaries / "pg_isready"), "-q", "-h", str(places.socket_dir), "-p", PORT]
    return min(subprocess.run(command, **_surroundings(places), check=False).returncode, AWAY)


def _run(
    places: Places, program: str, *arguments: str, stdin: str = "", check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a program of the server as its user, from its home; raises EmbeddedServerError with what it said."""
    done = subprocess.run(
        [str(places.binaries / program), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        **{key: value for key, value in _surroundings(places).items() if key not in {"stdin", "stdout", "stderr"}},
    )
    if check and done.returncode:
        raise EmbeddedServerError(f"{program} failed: {' '.join((done.stderr or done.stdout).split())}")
    return done


def _surroundings(places: Places) -> dict[str, Any]:
    """Return what every program of the server gets: its user, its home as working folder, no PG* variables of the shell."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    found: dict[str, Any] = {
        "cwd": places.home,  # all paths given to the programs are relative to it, so no character in it needs quoting
        "env": environment | {"LC_ALL": "C"},
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "umask": 0o077,
    }
    if places.run_as:
        found |= {"user": places.run_as[0], "group": places.run_as[1], "extra_groups": []}
    return found


def password(places: Places) -> str:
    """Return the application's password."""
    return places.password_file.read_text()
