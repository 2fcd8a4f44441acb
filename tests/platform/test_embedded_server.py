"""The embedded PostgreSQL, driven by real processes on a folder of their own."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from creditpath.embedded import places
from creditpath.embedded.places import EmbeddedServerError

REPOSITORY = Path(__file__).resolve().parents[2]

# Connects, runs the SQL it is given, says what came back, and stays until its standard input ends.
USER = """
import sys
from django.db import connection

with connection.cursor() as cursor:
    cursor.execute(sys.argv[1])
    print(cursor.fetchone()[0] if cursor.description else "done", flush=True)
sys.stdin.read()
"""

FORKING_USER = """
import os, sys
from django.db import connection

connection.ensure_connection()
child = os.fork()
if child == 0:
    sys.exit()
os.waitpid(child, 0)
print("child has ended", flush=True)
sys.stdin.read()
"""


class Machine:
    """One var folder, the processes that use it, and what is known of its server from outside."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.processes: list[subprocess.Popen[str]] = []
        self.environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
        self.environment |= {"CREDITPATH_VAR": str(var), "DJANGO_SETTINGS_MODULE": "creditpath.settings"}

    def use(self, sql: str = "SELECT 1", *, script: str = USER) -> subprocess.Popen[str]:
        """Start a process that connects and stays."""
        process = subprocess.Popen(
            [sys.executable, "-c", script, sql],
            cwd=REPOSITORY,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def ask(self, sql: str) -> str:
        """Run one statement in a process that ends at once; return its answer."""
        output, errors = self.use(sql).communicate(timeout=120)
        assert output, errors
        return output.strip()

    @property
    def places(self) -> places.Places:
        found = places.existing(self.var, print)
        assert found is not None
        return found

    def postmaster(self) -> int | None:
        """Return the process number of the running server."""
        try:
            pid = int((self.places.data / "postmaster.pid").read_text().splitlines()[0])
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return None
        return None if state == "Z" else pid

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()
        if self.postmaster():
            self.ask("SELECT 1")
        home = self.places.home
        shutil.rmtree(self.var)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    found = Machine(tmp_path / "var")
    yield found
    found.end()


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=60)


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_first_connection_starts_the_server_and_the_last_process_out_stops_it(machine: Machine) -> None:
    process = machine.use("SELECT current_setting('server_version_num')::int >= 150000")
    assert answer(process) == "True"
    assert machine.postmaster()
    leave(process)
    assert machine.postmaster() is None


def test_two_processes_that_begin_at_once_share_one_server(machine: Machine) -> None:
    first, second = machine.use("SELECT 1"), machine.use("SELECT 1")
    assert (answer(first), answer(second)) == ("1", "1")
    server = machine.postmaster()
    leave(first)
    assert machine.postmaster() == server
    leave(second)
    assert machine.postmaster() is None


def test_data_outlives_kill_9_of_user_and_server(machine: Machine) -> None:
    machine.ask("CREATE TABLE kept (n int)")
    process = machine.use("INSERT INTO kept VALUES (7)")
    assert answer(process) == "done"
    process.kill()
    process.wait()
    server = machine.postmaster()
    assert server, "nobody was left to stop it"
    os.kill(server, signal.SIGKILL)
    assert machine.ask("SELECT n FROM kept") == "7"
    assert machine.postmaster() is None


def test_server_left_by_killed_users_is_stopped_by_the_next_one_that_ends_in_order(machine: Machine) -> None:
    process = machine.use()
    answer(process)
    process.kill()
    process.wait()
    server = machine.postmaster()
    assert server
    successor = machine.use()
    answer(successor)
    assert machine.postmaster() == server
    leave(successor)
    assert machine.postmaster() is None


def test_pid_file_naming_a_process_of_another_program_does_not_keep_the_server_down(machine: Machine) -> None:
    machine.ask("SELECT 1")
    found = machine.places
    (found.data / "postmaster.pid").write_text(f"{os.getpid()}\n{found.data}\n1\n5432\n{found.socket_dir}\n\n\n")
    assert machine.ask("SELECT 1") == "1"


def test_server_whose_socket_is_gone_is_restarted(machine: Machine) -> None:
    process = machine.use()
    answer(process)
    machine.places.socket_path.unlink()
    assert machine.ask("SELECT 1") == "1"


def test_half_created_cluster_is_thrown_away(machine: Machine) -> None:
    machine.ask("SELECT 1")
    home = machine.places.home
    shutil.rmtree(home / "data")
    (home / "data.making").mkdir()
    (home / "data.making" / "PG_VERSION").write_text("nonsense")
    assert machine.ask("SELECT 1") == "1"
    assert not (home / "data.making").exists()


def test_lost_password_is_replaced_and_the_data_stays(machine: Machine) -> None:
    machine.ask("CREATE TABLE kept AS SELECT 7 AS n")
    machine.places.password_file.unlink()
    assert machine.ask("SELECT n FROM kept") == "7"


def test_application_is_no_superuser_but_may_create_test_databases(machine: Machine) -> None:
    question = "SELECT rolsuper::text || ' ' || rolcreatedb::text FROM pg_roles WHERE rolname = current_user"
    assert machine.ask(question) == "false true"


def test_superuser_cannot_log_in_and_nobody_without_the_password(machine: Machine) -> None:
    process = machine.use()
    answer(process)
    found = machine.places
    for user, password in (("postgres", "x"), ("creditpath", "wrong")):
        refused = subprocess.run(
            [places.client_folder() / "psql", "-h", found.socket_dir, "-U", user, "-c", "SELECT 1", "creditpath"],
            env={"PGPASSWORD": password},
            capture_output=True,
            text=True,
            check=False,
        )
        assert refused.returncode == 2, refused.stdout


def test_server_listens_on_no_port(machine: Machine) -> None:
    process = machine.use("SHOW listen_addresses")
    assert answer(process) == ""
    server = machine.postmaster()
    inodes = {
        str(link.readlink()).removeprefix("socket:[").removesuffix("]")
        for link in Path(f"/proc/{server}/fd").iterdir()
        if str(link.readlink()).startswith("socket:[")
    }
    listening = {
        line.split()[9]
        for table in ("tcp", "tcp6")
        if (path := Path(f"/proc/{server}/net/{table}")).exists()
        for line in path.read_text().splitlines()[1:]
    }
    assert inodes
    assert not inodes & listening


def test_what_the_server_keeps_is_closed_to_others_and_no_folder_above_is_opened(tmp_path: Path) -> None:
    parents = [tmp_path / "closed", tmp_path / "closed" / "home"]
    for folder in parents:
        folder.mkdir(mode=0o700)
    machine = Machine(parents[-1] / "var")
    system = places.SYSTEM_HOME.stat().st_mode
    try:
        machine.ask("SELECT 1")
        found = machine.places
        assert [stat.S_IMODE(folder.stat().st_mode) for folder in parents] == [0o700, 0o700]
        assert places.SYSTEM_HOME.stat().st_mode == system
        assert stat.S_IMODE(found.password_file.stat().st_mode) == 0o600
        for folder in (machine.var, found.control, found.data, found.socket_dir):
            assert stat.S_IMODE(folder.stat().st_mode) & 0o007 == 0, folder
        for folder in (found.data, found.socket_dir):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        machine.end()


def test_socket_moves_to_a_private_folder_where_the_path_would_be_too_long(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    home.mkdir(mode=0o700)
    first = places._socket_dir(home)
    try:
        assert len(os.fsencode(first / places.SOCKET_NAME)) <= places.LONGEST_SOCKET_PATH
        assert stat.S_IMODE(first.stat().st_mode) == 0o700
        assert places._socket_dir(home) == first, "every process must find the same one"
    finally:
        first.rmdir()
    with socket.socket(socket.AF_UNIX) as probe, pytest.raises(OSError, match="too long"):
        probe.connect(str(home / places.SOCKET_NAME))
    second = places._socket_dir(home)
    second.rmdir()
    assert second != first


def test_folder_of_somebody_else_is_refused_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "postgres").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(EmbeddedServerError, match="CREDITPATH_VAR"):
        places.control_dir(tmp_path)


def test_forked_child_neither_stops_the_server_nor_gives_up_its_parents_share(machine: Machine) -> None:
    parent = machine.use(script=FORKING_USER)
    assert answer(parent) == "child has ended"
    server = machine.postmaster()
    assert server
    machine.ask("SELECT 1")
    assert machine.postmaster() == server, "the parent is still in"
    leave(parent)
    assert machine.postmaster() is None


def test_importing_settings_and_backend_starts_nothing(tmp_path: Path) -> None:
    script = "import django.conf; django.conf.settings.DATABASES; import creditpath.embedded.base"
    environment = {
        **os.environ,
        "CREDITPATH_VAR": str(tmp_path / "var"),
        "DJANGO_SETTINGS_MODULE": "creditpath.settings",
    }
    subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, env=environment, check=True)
    assert not (tmp_path / "var" / "postgres").exists()
