"""Write down when agents work and when they are away."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.db import transaction

from creditpath.accounts.models import Role, User
from creditpath.errors import told_in_words
from recovery.errors import TeamRefused
from recovery.models import Absence, AbsenceEnd, Shift
from recovery.models.teams import DAY_MINUTES
from recovery.teams.capacity import default_minutes

LONGEST_ABSENCE = timedelta(days=366)


def get_week(*, agent: User, day: date) -> dict[int, int]:
    """Return the minutes of each day of an agent's week as it stands on a day."""
    return get_weeks(agents=[agent.pk], day=day)[agent.pk]


def get_weeks(*, agents: Sequence[int], day: date) -> dict[int, dict[int, int]]:
    """Return the weeks of several agents as they stand on a day; one query."""
    rows = (
        Shift.objects.filter(agent__in=agents, starts_on__lte=day)
        .order_by("agent_id", "weekday", "-starts_on", "-id")
        .distinct("agent_id", "weekday")
    )
    known = {(agent, weekday): minutes for agent, weekday, minutes in rows.values_list("agent", "weekday", "minutes")}
    default = default_minutes()
    return {
        agent: {weekday: known.get((agent, weekday), default) for weekday in Shift.Weekday.values} for agent in agents
    }


def set_week(*, agent: User, minutes: Mapping[int, int], starts_on: date, today: date, set_by: User) -> list[Shift]:
    """Set an agent's week from a day on; days that stay as they are get no row. Raises TeamRefused."""
    _check_agent(agent)
    fields = {}
    if starts_on < today:
        fields["starts_on"] = "A week that has been worked is not changed: choose today or later."
    for weekday, number in minutes.items():
        if not 0 <= number <= DAY_MINUTES:
            fields[f"day_{weekday}"] = f"Between 0 and {DAY_MINUTES} minutes."
    if fields:
        raise TeamRefused(" ".join(fields.values()), fields=fields)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=agent.pk)
        standing = get_week(agent=agent, day=starts_on)
        return [
            Shift.objects.create(agent=agent, weekday=weekday, minutes=number, starts_on=starts_on, set_by=set_by)
            for weekday, number in sorted(minutes.items())
            if standing.get(weekday) != number
        ]


def record_absence(*, agent: User, first_on: date, last_on: date, today: date, recorded_by: User) -> Absence:
    """Keep days on which an agent gets no cases; what is on their list already stays until it is handed over.

    Raises TeamRefused with a remedy for each field.
    """
    _check_agent(agent)
    if last_on < first_on:
        raise TeamRefused(fields={"last_on": "The last day lies before the first."})
    if last_on < today:
        raise TeamRefused(fields={"last_on": "These days are over."})
    if last_on - first_on > LONGEST_ABSENCE:
        raise TeamRefused(fields={"last_on": "More than a year: deactivate the agent instead."})
    return Absence.objects.create(agent=agent, first_on=first_on, last_on=last_on, recorded_by=recorded_by)


def end_absence(*, absence: Absence, works_from: date, today: date, ended_by: User) -> AbsenceEnd:
    """Let an agent work again from a day on, before the absence ends; from its first day on calls it off."""
    if works_from < today and works_from != absence.first_on:
        raise TeamRefused(fields={"works_from": "Days that are over stay as they were."})
    works_from = max(works_from, min(today, absence.last_on)) if absence.first_on < today else works_from
    sentences = {
        "absence_ends_early_on_one_of_its_days": "Choose one of the days of the absence.",
        "recovery_absenceend_absence_id_key": "This absence was ended already.",
    }
    with told_in_words(TeamRefused, sentences), transaction.atomic():
        return AbsenceEnd.objects.create(absence=absence, works_from=works_from, ended_by=ended_by)


def _check_agent(agent: User) -> None:
    if agent.role != Role.AGENT or not agent.is_active or agent.team_id is None:
        raise TeamRefused("Only active agents of a team have shifts and absences.")
