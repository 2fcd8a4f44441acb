"""What a browser may send to a Dash app of ours: exactly the question that one of its callbacks asks."""

import json
from typing import Any


def is_callback_of(app_name: str, body: bytes) -> bool:
    """Say whether a body is a question to a callback of an app: its output, its inputs and states by name, in their order.

    django-plotly-dash takes the names as they come: a wrong one ends in an error of the server, or in an empty success.
    """
    from django_plotly_dash.dash_wrapper import all_apps  # imports Dash, which only web processes that serve it need

    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return False
    app = all_apps().get(app_name)
    if app is None or not isinstance(asked, dict):
        return False
    for known, _ in app._callback_sets:
        if asked.get("output") == str(known["output"]):
            return (
                _names_match(asked.get("inputs"), known["inputs"])
                and _names_match(asked.get("state", []), known["state"])
                and _names_match([asked.get("outputs", _named(known["output"]))], [known["output"]])
                and _is_list_of_text(asked.get("changedPropIds", []))
            )
    return False


def _named(dependency: Any) -> dict[str, Any]:
    return {"id": dependency.component_id, "property": dependency.component_property}


def _names_match(sent: Any, known: Any) -> bool:
    return (
        isinstance(sent, list)
        and len(sent) == len(known)
        and all(
            isinstance(one, dict) and {"id": one.get("id"), "property": one.get("property")} == _named(dependency)
            for one, dependency in zip(sent, known, strict=True)
        )
    )


def _is_list_of_text(sent: Any) -> bool:
    return isinstance(sent, list) and all(isinstance(one, str) for one in sent)
