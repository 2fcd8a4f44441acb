"""An address for each route of the resolver, with arguments filled in."""

import re
from typing import Any

from django.urls import URLPattern

SAMPLES = {
    "ident": "portfolio",
    "cache_id": "abc",
    "component": "dash",
    "cpe2": "dcc",
    "resource": "x.js",
    "path": "x.css",
    "object_id": "1",
    "content_type_id": "1",
    "app_label": "accounts",
    "url": "nothing/",
}


def fill(address: str, pattern: URLPattern, *, pk: int = 1) -> str:
    """Turn "borrowers/<int:pk>/" into "/borrowers/1/"; regular expressions of Django's admin are filled in too."""

    def sample(match: re.Match[str]) -> str:
        name = match["name"]
        if name == "app_label" and match["choices"]:
            return match["choices"].split("|")[0]
        return SAMPLES.get(name, str(pk))

    address = re.sub(r"\(\?P<(?P<name>\w+)>(?P<choices>[^)]*)\)", sample, address)
    address = re.sub(r"<(?:(?P<type>\w+):)?(?P<name>\w+)>(?P<choices>)", sample, address)
    return "/" + address.replace("^", "").replace("\\Z", "").replace("$", "")


def with_object(kwargs: dict[str, Any]) -> bool:
    """Say whether a route's arguments name a row."""
    return "pk" in kwargs
