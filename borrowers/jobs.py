"""What the worker does for the books."""

from borrowers.wizard import jobs  # noqa: F401  (registers)
