"""What the worker does for the work."""

from recovery import todays_list  # noqa: F401  (registers)
