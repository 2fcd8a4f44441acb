"""Cells that a spreadsheet shows as text and does not run, and the way back, so that a file of rejects can be imported again."""

import re

REJECTS_HEAD = ("file", "row", "column", "value", "reason")
FORMULA = re.compile(r"'*[=+\-@\t\r]")
NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*")
NEUTRALISED = re.compile(r"^'('*[=+\-@\t\r])")


def neutralise(cell: str) -> str:
    """Return a cell that a spreadsheet does not run; numbers stay numbers."""
    if FORMULA.match(cell) and not NUMBER.fullmatch(cell):
        return "'" + cell
    return cell.replace("\0", "␀")


def restore(cell: str) -> str:
    """Return what neutralise() was given."""
    return NEUTRALISED.sub(r"\1", cell)
