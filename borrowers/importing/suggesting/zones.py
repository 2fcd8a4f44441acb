"""The zone of a file's local times, as far as its rows tell it: by a column of zones, or of countries with one zone each."""

from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones

from borrowers.importing.suggesting.draft import Draft

TARGETS = ("borrower.time_zone", "borrower.jurisdiction")


def find_zone(draft: Draft) -> tuple[str, str] | None:
    """Return the one zone that all values of a column stand for and why, or None; a column with unseen values tells nothing."""
    for target in TARGETS:
        for table in draft.tables:
            column = table.column_of(target) if table.is_used else None
            if column is None or not column.look.examples or column.look.n_distinct > len(column.look.examples):
                continue
            zones = {_zone_of(value.strip()) for value in column.look.examples}
            zone = zones.pop()
            if not zones and zone:
                return zone, f"guess: where {column.name} says the borrowers are; of local times in the files"
    return None


def _zone_of(value: str) -> str | None:
    """Return the zone that a cell names, or that of the country whose ISO 3166 code it is, where it has one alone."""
    if value in available_timezones():
        return value
    zones = _zones_by_country().get(value.upper(), [])
    return zones[0] if len(zones) == 1 else None


@cache
def _zones_by_country() -> dict[str, list[str]]:
    lines = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines()
    found: dict[str, list[str]] = {}
    for line in lines:
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found.setdefault(country, []).append(zone)
    return found
