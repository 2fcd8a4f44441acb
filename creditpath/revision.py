"""Which code is running: written beside every model that it trains."""

import re
import subprocess
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings

SECONDS = 5
TRAINS = ("scoring/**/*.py", "scoring/**/*.sql")


@cache
def find_code_version() -> str:
    """Return CREDITPATH_REVISION if it is set; else the commit, with "+changes" where files differ from it.

    Where there is no repository, as in an image, a hash of the files that train is the version: it tells two codes apart,
    though not which came first. At most a second, once a process.
    """
    if settings.REVISION:
        return str(settings.REVISION)[:80]
    root = Path(settings.BASE_DIR)
    if (root / ".git").exists():
        commit = _git("rev-parse", "HEAD")
        if re.fullmatch(r"[0-9a-f]{40,64}", commit):
            return f"{commit}+changes" if _git("status", "--porcelain", "--untracked-files=no") else commit
    digest = sha256()
    for path in sorted(path for pattern in TRAINS for path in root.glob(pattern)):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return f"files {digest.hexdigest()[:40]}"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(settings.BASE_DIR), *arguments],
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
