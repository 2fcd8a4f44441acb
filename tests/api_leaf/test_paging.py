"""Lists are paged by key."""

from rest_framework.test import APIClient

from creditpath.accounts.models import Team


def fill(n: int) -> list[int]:
    return [team.pk for team in Team.objects.bulk_create(Team(name=f"Team {number}") for number in range(n))]


def test_pages_show_every_row_once_and_in_order(api: APIClient) -> None:
    expected = fill(7)
    seen: list[int] = []
    address = "/api/v1/leaf/?page_size=3"
    while address:
        page = api.get(address).json()
        seen += [row["id"] for row in page["results"]]
        address = page["next"]
    assert seen == expected


def test_row_added_between_pages_is_seen_and_none_is_shifted(api: APIClient) -> None:
    expected = fill(4)
    first = api.get("/api/v1/leaf/?page_size=2").json()
    expected += [Team.objects.create(name="late").pk]
    second = api.get(first["next"] + "&page_size=10").json()
    assert [row["id"] for row in first["results"] + second["results"]] == expected


def test_page_size_is_capped(api: APIClient) -> None:
    fill(501)
    assert len(api.get("/api/v1/leaf/?page_size=1000000").json()["results"]) == 500
    assert len(api.get("/api/v1/leaf/?page_size=-1").json()["results"]) == 100


def test_unknown_filter_is_no_way_to_other_columns(api: APIClient) -> None:
    fill(2)
    assert len(api.get("/api/v1/leaf/?members__password__startswith=x").json()["results"]) == 2
