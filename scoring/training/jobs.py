"""Training in the background: a process of its own, so that no worker ever loads the training libraries."""

import json
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from django.conf import settings

from creditpath.jobs import job
from creditpath.jobs.registry import TRAINING
from creditpath.jobs.services import progress
from scoring.training.errors import TrainingRefused

MANAGE = Path(settings.BASE_DIR) / "manage.py"
LOOK_EVERY_SECONDS = 1.0
PROGRESS_LINE = re.compile(r"(\d+)/(\d+) (.*)")


@job("train_models", max_attempts=1, queue=TRAINING)
def train_in_process(**options: Any) -> dict[str, Any]:
    """Run the command train_models with these options and return its JSON; stopping the job ends the process.

    Options are those of the command, such as purpose="pays_30" or candidates=["xgboost"]. Raises TrainingRefused with the
    command's own line where it fails. It is tried once: a training that failed fails again, and one that was cut off has
    registered nothing, since models are registered at the end.
    """
    # By nice: scoring and pages go first.
    command = [
        "nice",
        sys.executable,
        str(MANAGE),
        "train_models",
        "--json",
        "--progress-lines",
        *as_arguments(options),
    ]
    output: list[str] = []
    notes: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        readers = [
            threading.Thread(target=lambda: output.append(process.stdout.read() if process.stdout else "")),
            threading.Thread(target=lambda: notes.extend(process.stderr or ())),
        ]
        for reader in readers:
            reader.start()
        try:
            while process.poll() is None:
                _tell(notes)
                try:
                    process.wait(timeout=LOOK_EVERY_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if process.poll() is None:  # the job was cancelled or taken over
                process.terminate()
            for reader in readers:
                reader.join()
    _tell(notes)
    if process.returncode != 0:
        said = [line.strip() for line in notes if line.strip() and not PROGRESS_LINE.match(line)]
        raise TrainingRefused(said[-1] if said else f"The training ended with code {process.returncode}.")
    answer: dict[str, Any] = json.loads(output[0])
    return answer


def as_arguments(options: dict[str, Any]) -> list[str]:
    """Return options as the command line takes them; None and False are left out."""
    arguments: list[str] = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            arguments.append(flag)
        elif name == "candidates" and value:
            arguments += [flag, *map(str, value)]
        elif isinstance(value, list | tuple):
            arguments.append(f"{flag}={','.join(map(str, value))}")
        elif value not in (None, False, ""):
            arguments.append(f"{flag}={value}")
    return arguments


def _tell(notes: list[str]) -> None:
    """Pass the newest progress on; raises where the job is to end."""
    lines = [match for line in list(notes) if (match := PROGRESS_LINE.match(line))]
    done, total, message = lines[-1].groups() if lines else ("0", "1", "starting the training")
    progress(int(done), int(total), message)
