"""Who works here: users with one role each, in teams."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class Role(models.TextChoices):
    AGENT = "agent", "agent"
    MANAGER = "manager", "manager"
    ANALYST = "analyst", "analyst"
    DATA_SCIENTIST = "data_scientist", "data scientist"
    COMPLIANCE = "compliance", "compliance"
    ADMIN = "admin", "administrator"
    INTEGRATION = "integration", "integration"


class Team(models.Model):
    """A group of agents that services a part of the portfolio."""

    name = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person or an integration; what the role may do is written in creditpath.access."""

    role = models.CharField(max_length=20, choices=Role, default=Role.AGENT)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="members")

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_is_known"),
        ]
