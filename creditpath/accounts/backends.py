"""Log-in by name and password; rights on models by role."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from creditpath.access import permissions_of


class RoleBackend(ModelBackend):
    """Take rights from the matrix in creditpath.access and from nowhere else: there are no groups and no superusers.

    The rest is Django's: an unknown name takes as long as a wrong password, and a user who is switched off is out at the
    next request.
    """

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return rights such as "borrowers.view_loan"; rights on single rows are a matter of querysets (visible_to)."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        return set(permissions_of(user_obj.role))

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return self.get_all_permissions(user_obj, obj)

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()
