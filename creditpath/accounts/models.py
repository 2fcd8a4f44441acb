"""Who works here: users with one role each, in teams."""

from typing import Any

from django.contrib.auth.models import AbstractUser, UserManager
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


class RoleUserManager(UserManager["User"]):
    """Make users by role; what Django calls a superuser is an administrator, bound by the matrix like everybody."""

    def _create_user_object(self, username: str, email: str | None, password: str | None, **fields: Any) -> "User":
        fields.pop("is_staff", None)
        if fields.pop("is_superuser", False):
            fields["role"] = Role.ADMIN
        return super()._create_user_object(username, email, password, **fields)  # type: ignore[misc]


class User(AbstractUser):
    """A person or an integration; what the role may do is written in creditpath.access, and nothing else gives rights."""

    role = models.CharField(max_length=20, choices=Role, default=Role.AGENT)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="members")

    # A second source of rights would pass the matrix by.
    groups = None  # type: ignore[assignment]
    user_permissions = None  # type: ignore[assignment]
    is_superuser = False

    objects = RoleUserManager()  # type: ignore[misc]

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_is_known"),
        ]

    @property
    def is_staff(self) -> bool:  # type: ignore[override]
        """Say whether the role opens the door of the admin."""
        from creditpath.access import may_call  # the matrix is written in terms of this model's roles

        return may_call(self, "admin:index")
