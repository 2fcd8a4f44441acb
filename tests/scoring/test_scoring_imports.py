"""Web and scoring never load a training library."""

import subprocess
import sys

NEVER = ("sklearn", "xgboost", "lightgbm", "skl2onnx", "onnxmltools", "onnx", "mlflow")
PROBE = """
import sys
from creditpath.wsgi import application
import django.urls
import creditpath.urls
import scoring.api
import scoring.engine.services
import scoring.jobs
import scoring.management.commands.score_loans
django.urls.get_resolver().url_patterns
print([name for name in {never!r} if name in sys.modules], "onnxruntime" in sys.modules)
"""


def test_web_and_scoring_load_no_training_library() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", PROBE.format(never=NEVER)], capture_output=True, text=True, check=True, timeout=120
    )

    assert answer.stdout.strip().splitlines()[-1] == "[] True"
