"""Users, roles, and where their rights come from."""

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection
from django.test import Client

from creditpath.access import MODEL_PERMISSIONS, MODELS, permissions_of
from creditpath.accounts.models import Role, User
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def test_superuser_of_django_is_an_administrator_bound_by_the_matrix() -> None:
    user = get_user_model().objects.create_superuser("root", "root@example.org", "x")
    assert user.role == Role.ADMIN
    assert user.is_staff
    assert not user.is_superuser
    assert user.has_perm("accounts.change_user")
    assert not user.has_perm("borrowers.delete_payment")
    assert not user.has_perm("no.such_right")


@pytest.mark.parametrize("role", Role)
def test_role_alone_opens_the_admin(role: Role) -> None:
    user = make_user(role)
    assert user.is_staff == (role not in {Role.AGENT, Role.INTEGRATION})


def test_role_that_changes_changes_the_rights_at_once() -> None:
    user = make_user(Role.ADMIN)
    client = Client()
    client.force_login(user, backend="creditpath.accounts.backends.RoleBackend")
    assert client.get("/admin/").status_code == 200
    User.objects.filter(pk=user.pk).update(role=Role.AGENT)
    assert client.get("/admin/").status_code == 403


@pytest.mark.parametrize("role", Role)
def test_rights_on_models_are_those_of_the_matrix(role: Role) -> None:
    user = make_user(role)
    assert user.get_all_permissions() == permissions_of(role)
    for model, verbs in MODELS.items():
        app, name = model.split(".")
        for verb, roles in verbs.items():
            assert user.has_perm(f"{app}.{verb}_{name}") == (role in roles)
    assert user.has_module_perms("borrowers") == any(
        model.startswith("borrowers.") for model in MODEL_PERMISSIONS[role]
    )


def test_user_who_is_switched_off_has_no_rights() -> None:
    user = make_user(Role.ADMIN)
    user.is_active = False
    assert user.get_all_permissions() == set()
    assert not user.has_module_perms("borrowers")
    assert not user.is_staff


def test_rights_on_a_single_row_are_not_given_here() -> None:
    user = make_user(Role.ADMIN)
    assert not user.has_perm("accounts.change_user", user)


def test_nobody_changes_or_deletes_a_ledger_row() -> None:
    ledger = ["instalment", "payment", "contactevent", "promise", "scheduleversion"]
    for model in [
        *(f"borrowers.{name}" for name in ledger),
        "scoring.score",
        "scoring.modelversion",
        "recovery.recommendation",
    ]:
        assert not MODELS[model]["change"]
        assert not MODELS[model]["delete"]


def test_unknown_role_cannot_be_stored() -> None:
    user = make_user()
    with pytest.raises(IntegrityError, match="user_role_is_known"), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET role = 'god' WHERE id = %s", [user.pk])


def test_administrator_adds_a_user_with_a_role_who_can_log_in() -> None:
    client = Client()
    client.force_login(make_user(Role.ADMIN), backend="creditpath.accounts.backends.RoleBackend")
    answer = client.post(
        "/admin/accounts/user/add/",
        {"username": "dora", "role": "agent", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD},
    )
    assert answer.status_code == 302
    assert User.objects.get(username="dora").role == Role.AGENT
    assert Client().post("/accounts/login/", {"username": "dora", "password": PASSWORD}).status_code == 302


def test_compliance_looks_at_users_and_changes_none() -> None:
    target = make_user(Role.AGENT)
    client = Client()
    client.force_login(make_user(Role.COMPLIANCE), backend="creditpath.accounts.backends.RoleBackend")
    assert client.get(f"/admin/accounts/user/{target.pk}/change/").status_code == 200
    assert client.post(f"/admin/accounts/user/{target.pk}/change/", {"role": "admin"}).status_code == 403
    assert client.get("/admin/accounts/user/add/").status_code == 403
    assert client.get(f"/admin/accounts/user/{target.pk}/password/").status_code == 403
