"""What must always be true of the books; `verify` asks. Each module holds the sentences of one subject."""

from borrowers.invariants import clocks, ledger, links, sources, sums  # noqa: F401  (each registers its sentences)
