"""What must always be true of evidence."""

from collections.abc import Iterator

from creditpath.invariants import invariant
from recovery.evidence.checking import broken_links, broken_seals, changed_events, unguarded_tables, unsealed_rows


@invariant("what was sealed as evidence is as it was, but for texts that an approved erasure took out")
def sealed_rows_are_unchanged() -> Iterator[str]:
    yield from changed_events()


@invariant("each event of evidence follows from the one before")
def chains_are_whole() -> Iterator[str]:
    yield from broken_links()


@invariant("a seal is over the events that it sealed")
def seals_hold() -> Iterator[str]:
    yield from broken_seals()


@invariant("all that is evidence is sealed or waits for its seal")
def nothing_is_left_out() -> Iterator[str]:
    yield from unsealed_rows()


@invariant("triggers of the database guard evidence")
def tables_are_guarded() -> Iterator[str]:
    yield from unguarded_tables()
