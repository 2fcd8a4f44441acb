"""The supervisor, in processes of its own, over programs that do nothing but live and die."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from creditpath.embedded import places

REPOSITORY = Path(__file__).resolve().parents[2]

# Keeps one program alive until told to stop; the program adds its process number to a file at each start.
KEEPER = """
import sys
from pathlib import Path
from creditpath.supervisor import Program, Supervisor

folder, *argv = sys.argv[1:]
supervisor = Supervisor(log_dir=Path(folder))
supervisor.listen_to_signals()
supervisor.add(Program("dummy", argv))
try:
    supervisor.run()
finally:
    supervisor.stop()
    print("stopped", flush=True)
"""
SLEEPER = "import os, sys, time; print(os.getpid(), file=open(sys.argv[1], 'a'), flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPER!r}, sys.argv[1]]); " + SLEEPER


class Kept:
    """A supervisor at work on one program."""

    def __init__(self, folder: Path, script: str) -> None:
        self.starts = folder / "starts"
        self.starts.touch()
        self.process = subprocess.Popen(
            [sys.executable, "-c", KEEPER, str(folder / "log"), sys.executable, "-c", script, str(self.starts)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )

    def pids(self, at_least: int) -> list[int]:
        """Return the process numbers of all starts, once there are that many."""
        wait_for(lambda: len(self.starts.read_text().split()) >= at_least)
        return [int(pid) for pid in self.starts.read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Give other processes their time; fails if what they should do does not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Callable[[str], Kept]]:
    kept: list[Kept] = []

    def make(script: str) -> Kept:
        kept.append(Kept(tmp_path, script))
        return kept[-1]

    yield make
    for one in kept:
        one.process.kill()
        one.process.communicate()


def test_program_that_dies_is_started_again(keep: Callable[[str], Kept]) -> None:
    kept = keep(SLEEPER)
    (first,) = kept.pids(1)
    os.kill(first, signal.SIGKILL)
    _, second = kept.pids(2)
    assert is_alive(second)
    assert kept.process.stdout is not None
    assert "dummy was ended by SIGKILL; it starts again" in kept.process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_supervisor_and_programs(keep: Callable[[str], Kept], number: int) -> None:
    kept = keep(SLEEPER)
    (pid,) = kept.pids(1)
    kept.process.send_signal(number)
    output, _ = kept.process.communicate(timeout=30)
    assert output == "stopped\n"
    assert not is_alive(pid)


def test_children_of_programs_are_not_left_behind(keep: Callable[[str], Kept]) -> None:
    kept = keep(PARENT)
    pids = kept.pids(2)
    kept.process.send_signal(signal.SIGINT)
    kept.process.communicate(timeout=30)
    assert not any(map(is_alive, pids))


def test_second_signal_ends_a_program_that_will_not_stop(keep: Callable[[str], Kept]) -> None:
    kept = keep(STUBBORN)
    (pid,) = kept.pids(1)
    kept.process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert is_alive(pid), "it ignores being asked"
    kept.process.send_signal(signal.SIGINT)
    kept.process.communicate(timeout=10)
    assert not is_alive(pid)


def test_programs_end_with_a_supervisor_that_is_killed(keep: Callable[[str], Kept]) -> None:
    kept = keep(SLEEPER)
    (pid,) = kept.pids(1)
    kept.process.kill()
    kept.process.wait()
    wait_for(lambda: not is_alive(pid))


def test_taken_port_is_told_in_one_line() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "creditpath.supervisor", "--port", str(port)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"Port {port} is taken" in done.stderr
    assert not done.stdout


def test_port_that_is_none_is_wrong_usage() -> None:
    command = [sys.executable, "-m", "creditpath.supervisor", "--port", "99999"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_of_the_whole_site_however_its_supervisor_ends(tmp_path: Path, number: int) -> None:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    environment["CREDITPATH_VAR"] = str(tmp_path / "var")
    site = subprocess.Popen(
        [sys.executable, "-m", "creditpath.supervisor", "--port", str(port)],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert site.stdout is not None
    found = None
    try:
        lines = iter(site.stdout.readline, "")
        assert next(lines) == f"CreditPathAI is ready on http://127.0.0.1:{port}\n"
        found = places.existing(tmp_path / "var", print)
        assert found is not None
        mine = {pid for pid in processes() if str(tmp_path) in environment_of(pid)}
        assert len(mine) >= 6, "supervisor, guardian, web, worker, trainer, scheduler"
        server = int((found.data / "postmaster.pid").read_text().splitlines()[0])
        site.send_signal(number)
        site.wait(60)
        wait_for(lambda: not any(map(is_alive, {*mine, server})), seconds=60)
    finally:
        site.kill()
        site.communicate()
        if found is not None:
            shutil.rmtree(found.home, ignore_errors=True)


def processes() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]


def environment_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:  # ended meanwhile, or somebody else's
        return ""
