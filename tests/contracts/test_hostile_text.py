"""Text that no page can mean is refused, and never a fault of ours."""

import pytest

pytestmark = pytest.mark.django_db


def test_lone_surrogate_in_a_name_of_a_field_is_a_plain_error(client_of) -> None:
    answer = client_of("agent").post("/api/v1/actions/", data='{"\\ud800": 1}', content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"


@pytest.mark.parametrize("after", ["²", "①", "9" * 5000])
def test_next_case_after_nothing_that_exists_opens_the_first(client_of, frozen_day, after: str) -> None:
    assert client_of("agent").post("/worklist/next/", {"after": after}).status_code == 302
