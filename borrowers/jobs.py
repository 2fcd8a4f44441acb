"""What the worker does for the books."""

from borrowers.closing import jobs as closing_jobs  # noqa: F401  (registers)
from borrowers.wizard import jobs as wizard_jobs  # noqa: F401
