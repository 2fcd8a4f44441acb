"""One line of JSON per record, with the id of its request."""

import json
import logging

import pytest
from django.test import Client

from creditpath.logs import JsonFormatter, RequestIdFilter, request_id


def format_line(message: str, *args: object, **more: object) -> str:
    record = logging.LogRecord("creditpath", logging.INFO, __file__, 1, message, args, None)
    vars(record).update(more)
    RequestIdFilter().filter(record)
    return JsonFormatter().format(record)


def test_newlines_and_escapes_of_a_name_stay_inside_one_line() -> None:
    line = format_line("user %s", 'a\n{"level": "forged"}\x1b[31m\u2028\u202e')
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    assert json.loads(line)["message"] == 'user a\n{"level": "forged"}\x1b[31m\u2028\u202e'


def test_exception_is_in_the_same_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    line = format_line("failed", exc_info=info)
    assert len(line.splitlines()) == 1
    assert "ValueError: broken" in json.loads(line)["exception"]


def test_line_of_a_request_carries_its_id() -> None:
    token = request_id.set("abc")
    try:
        assert json.loads(format_line("x"))["request_id"] == "abc"
    finally:
        request_id.reset(token)
    assert "request_id" not in json.loads(format_line("x"))


@pytest.mark.django_db
def test_answer_names_its_request_and_two_requests_differ(client: Client) -> None:
    ids = [client.get("/healthz", headers={"X-Request-ID": "mine\nforged"}).headers["X-Request-ID"] for _ in range(2)]
    assert ids[0] != ids[1]
    assert all(len(value) == 32 for value in ids)
