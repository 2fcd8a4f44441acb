"""The hash by which a content security policy lets the report's own style through, and no other."""

import base64
import hashlib
from pathlib import Path

STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
STYLE_HASH = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
