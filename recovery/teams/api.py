"""Teams over REST: who works and who is away, shifts and absences, and the hand-over of cases."""

from datetime import date
from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from borrowers.api import MONEY
from borrowers.clock import find_business_date
from borrowers.services import get_business_date
from creditpath.accounts.models import Role, Team, User
from creditpath.api import IdempotentCreateMixin
from creditpath.resources import (
    MAX_ID,
    ReadResource,
    ResourceSchema,
    StrictParametersMixin,
    StrictSerializer,
    WholeNumberFilter,
)
from recovery.models import Absence, AbsenceEnd, HandedCase, HandOver, Shift
from recovery.teams.services import (
    AgentDay,
    OpenCase,
    agent_days,
    end_absence,
    get_weeks,
    hand_over,
    open_cases,
    record_absence,
    set_week,
)


class AgentField(serializers.SlugRelatedField[User]):
    """An agent by the name with which they log in."""

    def __init__(self, **options: Any) -> None:
        super().__init__(slug_field="username", queryset=User.objects.filter(role=Role.AGENT), **options)

    def to_internal_value(self, data: Any) -> User:
        if not isinstance(data, str) or "\0" in data:
            self.fail("invalid")
        return super().to_internal_value(data)


# --- absences ---------------------------------------------------------------------------------------------------------
class AbsenceEndSerializer(serializers.ModelSerializer[AbsenceEnd]):
    ended_by: Any = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = AbsenceEnd
        fields = ["works_from", "ended_by", "booked_at"]
        read_only_fields = fields


class AbsenceSerializer(serializers.ModelSerializer[Absence]):
    agent: Any = serializers.SlugRelatedField("username", read_only=True)
    recorded_by: Any = serializers.SlugRelatedField("username", read_only=True)
    end = AbsenceEndSerializer(read_only=True, allow_null=True, default=None)

    class Meta:
        model = Absence
        fields = ["id", "agent", "first_on", "last_on", "recorded_by", "booked_at", "end"]
        read_only_fields = fields


class NewAbsenceSerializer(StrictSerializer):
    agent = AgentField()
    first_on = serializers.DateField()
    last_on = serializers.DateField()


class NewAbsenceEndSerializer(StrictSerializer):
    works_from = serializers.DateField(help_text="The first day of it calls the absence off.")


class AbsenceFilter(filters.FilterSet):
    agent = filters.CharFilter(field_name="agent__username")
    team = WholeNumberFilter(field_name="agent__team_id")
    last_from = filters.DateFilter(field_name="last_on", lookup_expr="gte", help_text="Not over on that day.")

    class Meta:
        model = Absence
        fields: list[str] = []


class AbsenceViewSet(IdempotentCreateMixin, ReadResource):
    """Days on which agents get no cases; never changed: an entry of its own ends one early."""

    queryset = Absence.objects.select_related("agent", "recorded_by", "end__ended_by")
    serializer_class = AbsenceSerializer
    filterset_class = AbsenceFilter
    default_ordering = "-id"

    @extend_schema(request=NewAbsenceSerializer, responses={201: AbsenceSerializer})
    def create(self, request: Request) -> Response:
        """Keep days on which an agent is away; their open cases wait to be handed over."""
        entered = NewAbsenceSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        row = record_absence(today=get_business_date(), recorded_by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=NewAbsenceEndSerializer, responses={201: AbsenceSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def end(self, request: Request, pk: int) -> Response:
        """Let the agent work again before the absence ends, or call it off."""
        absence = self.get_object()
        entered = NewAbsenceEndSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        end_absence(absence=absence, today=get_business_date(), ended_by=request.user, **entered.validated_data)  # type: ignore[arg-type]
        return Response(self.get_serializer(self.get_object()).data, status=status.HTTP_201_CREATED)


# --- shifts -----------------------------------------------------------------------------------------------------------
class ShiftSerializer(serializers.ModelSerializer[Shift]):
    agent: Any = serializers.SlugRelatedField("username", read_only=True)
    set_by: Any = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = Shift
        fields = ["id", "agent", "weekday", "minutes", "starts_on", "set_by", "booked_at"]
        read_only_fields = fields


class DayOfWeekSerializer(StrictSerializer):
    weekday = serializers.ChoiceField(Shift.Weekday.choices, help_text="1 is Monday.")
    minutes = serializers.IntegerField(min_value=0, max_value=24 * 60, help_text="Of work on cases; 0 is a day off.")


class NewShiftsSerializer(StrictSerializer):
    agent = AgentField()
    starts_on = serializers.DateField(required=False, help_text="By default the business date.")
    days = serializers.ListField(child=DayOfWeekSerializer(), allow_empty=False, max_length=7)


class ShiftFilter(filters.FilterSet):
    agent = filters.CharFilter(field_name="agent__username")
    team = WholeNumberFilter(field_name="agent__team_id")

    class Meta:
        model = Shift
        fields: list[str] = []


class ShiftViewSet(IdempotentCreateMixin, ReadResource):
    """The minutes of agents' days of the week, from a day on; the newest of a weekday counts."""

    queryset = Shift.objects.select_related("agent", "set_by")
    serializer_class = ShiftSerializer
    filterset_class = ShiftFilter
    default_ordering = "-id"

    @extend_schema(request=NewShiftsSerializer, responses={201: ShiftSerializer(many=True)})
    def create(self, request: Request) -> Response:
        """Set days of an agent's week from a day on; what comes back is what changed."""
        entered = NewShiftsSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        values, today = entered.validated_data, get_business_date()
        made = set_week(
            agent=values["agent"], minutes={day["weekday"]: day["minutes"] for day in values["days"]},
            starts_on=values.get("starts_on", today), today=today, set_by=request.user,  # type: ignore[arg-type]
        )  # fmt: skip
        return Response(self.get_serializer(made, many=True).data, status=status.HTTP_201_CREATED)


# --- teams ------------------------------------------------------------------------------------------------------------
class WeekdayMinutesSerializer(serializers.Serializer[Any]):
    weekday = serializers.IntegerField(help_text="1 is Monday.")
    minutes = serializers.IntegerField()


class MemberSerializer(serializers.Serializer[Any]):
    """An agent of a team on the business date."""

    id = serializers.IntegerField(source="agent.pk")
    username = serializers.CharField(source="agent.username")
    name = serializers.CharField(source="agent.get_full_name")
    minutes = serializers.IntegerField(help_text="Of work today; 0 for who is away.")
    is_absent = serializers.BooleanField()
    n_open = serializers.IntegerField(help_text="Open cases on today's list.")
    room_minutes = serializers.DecimalField(
        source="room", max_digits=10, decimal_places=2, help_text="Below 0: the list holds more than fits."
    )
    week = serializers.SerializerMethodField()
    absences = AbsenceSerializer(many=True, help_text="Those that are not over.")

    @extend_schema_field(WeekdayMinutesSerializer(many=True))
    def get_week(self, member: AgentDay) -> list[dict[str, int]]:
        """Answer with the minutes of each day of the week as it stands today."""
        week = self.context["view"].weeks[member.agent.pk]
        return [{"weekday": weekday, "minutes": minutes} for weekday, minutes in week.items()]


class TeamSerializer(serializers.ModelSerializer[Team]):
    agents = serializers.SerializerMethodField()

    class Meta:
        model = Team
        fields = ["id", "name", "agents"]
        read_only_fields = fields

    @extend_schema_field(MemberSerializer(many=True))
    def get_agents(self, team: Team) -> Any:
        """Answer with the team's active agents."""
        members = [one for one in self.context["view"].days if one.agent.team_id == team.pk]
        return MemberSerializer(members, many=True, context=self.context).data


class TeamViewSet(ReadResource):
    """Teams with their agents: who works today, how full their lists are, who is away and when."""

    queryset = Team.objects.all()
    serializer_class = TeamSerializer

    @cached_property
    def day(self) -> date:
        """Return the business date; today as long as the books are empty."""
        return find_business_date() or timezone.localdate()

    @cached_property
    def days(self) -> list[AgentDay]:
        """Return the agents' days; seven queries with their weeks, however many teams there are."""
        return agent_days(day=self.day, team_id=self.kwargs.get("pk"))

    @cached_property
    def weeks(self) -> dict[int, dict[int, int]]:
        return get_weeks(agents=[one.agent.pk for one in self.days], day=self.day)


# --- handing over -----------------------------------------------------------------------------------------------------
class OpenCaseSerializer(serializers.Serializer[Any]):
    """What an agent has open with one borrower."""

    borrower = serializers.IntegerField(source="borrower.pk")
    worklist_item = serializers.IntegerField(source="item.pk", allow_null=True, default=None)
    minutes = serializers.DecimalField(max_digits=8, decimal_places=2)
    call_back_at = serializers.DateTimeField(allow_null=True)
    time_zone = serializers.CharField()
    promise_due_on = serializers.DateField(allow_null=True)
    promise_amount = serializers.DecimalField(allow_null=True, **MONEY)
    currency = serializers.CharField()


class OpenCasesView(StrictParametersMixin, APIView):
    """What would be handed over."""

    schema = ResourceSchema()

    @extend_schema(responses={200: OpenCaseSerializer(many=True)}, filters=False)
    def get(self, request: Request, pk: int) -> Response:
        """Return an agent's open cases: today's list, call-backs and promises; first what falls due in two weeks."""
        agent = User.objects.filter(pk=pk, role=Role.AGENT).first() if pk <= MAX_ID else None
        if agent is None:
            raise Http404
        cases: list[OpenCase] = open_cases(agent=agent, today=get_business_date())
        return Response(OpenCaseSerializer(cases, many=True).data)


class HandedCaseSerializer(serializers.ModelSerializer[HandedCase]):
    agent: Any = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = HandedCase
        fields = ["borrower", "agent", "worklist_item"]
        read_only_fields = fields


class HandOverSerializer(serializers.ModelSerializer[HandOver]):
    from_agent: Any = serializers.SlugRelatedField("username", read_only=True)
    to_agent: Any = serializers.SlugRelatedField("username", read_only=True, allow_null=True)
    handed_over_by: Any = serializers.SlugRelatedField("username", read_only=True)
    cases = HandedCaseSerializer(many=True, read_only=True)

    class Meta:
        model = HandOver
        fields = [
            "id", "from_agent", "to_agent", "from_on", "until_on", "reason", "handed_over_by", "booked_at", "cases",
        ]  # fmt: skip
        read_only_fields = fields


class NewHandOverSerializer(StrictSerializer):
    from_agent = AgentField()
    to_agent = AgentField(required=False, help_text="By default it is spread over those of the team who work today.")
    borrowers = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID),
        required=False,
        allow_empty=False,
        max_length=1_000,
        help_text="Of the agent's open cases; by default all.",
    )
    until_on = serializers.DateField(required=False, help_text="The last day; by default for good.")
    reason = serializers.CharField(max_length=500)


class HandOverFilter(filters.FilterSet):
    from_agent = filters.CharFilter(field_name="from_agent__username")
    team = WholeNumberFilter(field_name="from_agent__team_id")

    class Meta:
        model = HandOver
        fields: list[str] = []


class HandOverViewSet(IdempotentCreateMixin, ReadResource):
    """Cases that a manager gave to other agents, why, and until when."""

    queryset: QuerySet = HandOver.objects.select_related("from_agent", "to_agent", "handed_over_by").prefetch_related(
        "cases__agent"
    )
    serializer_class = HandOverSerializer
    filterset_class = HandOverFilter
    default_ordering = "-id"

    @extend_schema(request=NewHandOverSerializer, responses={201: HandOverSerializer})
    def create(self, request: Request) -> Response:
        """Give an agent's open cases to another one of the team, or spread them over it; their lines move at once."""
        entered = NewHandOverSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        values = dict(entered.validated_data)
        made = hand_over(
            to_agent=values.pop("to_agent", None), today=get_business_date(), by=request.user,  # type: ignore[arg-type]
            **values,
        )  # fmt: skip
        return Response(self.get_serializer(self.get_queryset().get(pk=made.pk)).data, status=status.HTTP_201_CREATED)
