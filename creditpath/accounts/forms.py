"""The form for a new user."""

from django.contrib.auth.forms import AdminUserCreationForm

from creditpath.accounts.models import User


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("username", "role", "team")
