"""The verb of importing. What reads and types files is loaded when it is called: the web process never needs it."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from borrowers.importing.errors import NoSuchTeam
from borrowers.importing.files import find_files
from borrowers.importing.mapping_file import load_mapping
from borrowers.importing.reports import ImportReport
from creditpath.accounts.models import Team, User

__all__ = ["ImportReport", "import_portfolio"]

Progress = Callable[[int, int, str], None]


def import_portfolio(
    *,
    source: Path,
    mapping: Path,
    dry_run: bool = False,
    rejects: Path | None = None,
    cleaned: Path | None = None,
    started_by: User | None = None,
    team: str | None = None,
    called: str | None = None,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Bring a file or a folder into the books as the mapping says; the same file again changes nothing.

    Chunks are staged in durable tables, checked set-based, and published in one transaction: whatever happens, the books have
    all of it or nothing, and the same files and mapping go on behind the last chunk. Memory is that of one chunk; time is linear
    in the rows. With `rejects` the good rows are imported and the bad ones written there; without, one bad row stops the import.
    `cleaned` is a folder for the accepted rows as Parquet. New borrowers go to `team`. `called` is the source's
    name in the record, by default that of the file or folder. One import at a time.
    Raises MappingInvalid, SourceUnreadable, RowsRejected, ImportCutOff, ImportRunning, NoSuchTeam.
    """
    from borrowers.importing.checking import check_attributes
    from borrowers.importing.running import Order, run_import

    plan = load_mapping(Path(mapping))
    check_attributes(plan)
    order = Order(
        mapping=plan,
        source=Path(source),
        found=find_files(Path(source), plan),
        dry_run=dry_run,
        rejects=rejects,
        cleaned=cleaned,
        started_by=started_by,
        team=_get_team(team),
        called=called or Path(source).name,
        now=now or timezone.now(),
        progress=progress or _silent,
    )
    return run_import(order)


def _get_team(name: str | None) -> Team | None:
    if name is None:
        return None
    team = Team.objects.filter(name=name).first()
    if team is None:
        known = ", ".join(Team.objects.order_by("name").values_list("name", flat=True)[:10]) or "none yet"
        raise NoSuchTeam(f"There is no team {name!r}; the teams are: {known}.")
    return team


def _silent(done: int, total: int, message: str) -> None:
    """Show nothing."""
