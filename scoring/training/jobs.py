"""Training in the background: a process of its own, so that no worker ever loads the training libraries."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from django.conf import settings

from creditpath.jobs import job, note, progress
from creditpath.jobs.errors import JobCancelled
from creditpath.jobs.registry import TRAINING
from creditpath.jobs.services import check
from scoring.training.errors import TrainingRefused

MANAGE = Path(settings.BASE_DIR) / "manage.py"
LOOK_EVERY_SECONDS = 1.0
PROGRESS_LINE = re.compile(r"(\d+)/(\d+) (.*)")


@job("train_models", max_attempts=1, queue=TRAINING)
def train_in_process(**options: Any) -> dict[str, Any]:
    """Run the command train_models with these options and return its JSON; stopping the job ends the process.

    Options are those of the command, such as purpose="pays_30" or candidates=["xgboost"]. What the command says goes into the
    log of the job, line by line. Raises TrainingRefused with the command's own line where it fails. It is tried once: a
    training that failed fails again. Models are registered together at the end, so one that was cut off has registered
    nothing; one that had ended before it could be cancelled is done. The process ends with the worker, also if that is killed.
    """
    # By nice: scoring and pages go first.
    command = [
        "nice", sys.executable, str(MANAGE), "train_models", "--json", "--progress-lines", f"--ends-with={os.getpid()}",
        *as_arguments(options),
    ]  # fmt: skip
    output: list[str] = []
    lines: SimpleQueue[str] = SimpleQueue()
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        readers = [
            threading.Thread(target=lambda: output.append(process.stdout.read() if process.stdout else "")),
            threading.Thread(target=lambda: deque(map(lines.put, process.stderr or ()), maxlen=0)),
        ]
        for reader in readers:
            reader.start()
        try:
            progress(0, 1, "starting the training")
            while process.poll() is None:
                _tell(lines, said)
                try:
                    process.wait(timeout=LOOK_EVERY_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if process.poll() is None:  # the job was cancelled or taken over
                process.terminate()
            for reader in readers:
                reader.join()
    with contextlib.suppress(JobCancelled):
        _tell(lines, said)
    if process.returncode != 0:
        raise TrainingRefused(said[-1] if said else f"The training ended with code {process.returncode}.")
    answer: dict[str, Any] = json.loads(output[0])
    return answer


def as_arguments(options: dict[str, Any]) -> list[str]:
    """Return options as the command line takes them; None, False and empty ones are left out.

    A name that begins with a dash, such as a column of somebody's table, stays a value: it is written behind its flag's "=".
    """
    arguments: list[str] = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            arguments.append(flag)
        elif value in (None, False, ""):
            continue
        elif not isinstance(value, list | tuple):
            arguments.append(f"{flag}={value}")
        elif name == "costs":
            arguments += [flag, *map(str, value)] if value else []
        elif name == "at":
            arguments.append(f"{flag}={','.join(map(str, value))}")
        else:
            arguments += [f"{flag}={one}" for one in value]
    return arguments


def _tell(lines: SimpleQueue[str], said: list[str]) -> None:
    """Pass on what was said since the last time: progress as that, everything else to the log; raises where the job is to end."""
    done, total, message = "0", "0", ""
    while not lines.empty():
        line = lines.get().strip()
        if match := PROGRESS_LINE.fullmatch(line):
            done, total, message = match.groups()
            progress(int(done), int(total), message)
        elif line:
            said.append(line)
            note(line)
    if not message:
        check()
