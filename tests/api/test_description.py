"""The description of the API is complete, and says what is served."""

import json
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from creditpath.accounts.models import Role
from tests.api.conftest import Api


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Any:
    path = tmp_path_factory.mktemp("schema") / "schema.yml"
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(path))
    return yaml.safe_load(path.read_text())


def test_every_endpoint_of_the_contract_is_described(description: Any) -> None:
    for resource in (
        "borrowers", "loans", "payments", "scores", "recommendations", "worklist", "actions", "promises", "models", "imports",
    ):  # fmt: skip
        assert "get" in description["paths"][f"/api/v1/{resource}/"]
        assert "get" in description["paths"][f"/api/v1/{resource}/{{id}}/"]
    for path in ("payments/", "payments/{id}/reverse/", "actions/", "score/"):
        assert "post" in description["paths"][f"/api/v1/{path}"]


def test_every_operation_describes_its_errors(description: Any) -> None:
    for path, operations in description["paths"].items():
        if "/auth/" in path or "/schema/" in path:
            continue
        for method, operation in operations.items():
            schema = operation["responses"]["400"]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Error"}, (method, path)


def test_writes_describe_their_key(description: Any) -> None:
    for path in ("payments/", "payments/{id}/reverse/", "actions/"):
        parameters = description["paths"][f"/api/v1/{path}"]["post"]["parameters"]
        assert "Idempotency-Key" in [parameter["name"] for parameter in parameters]


def test_parameters_that_are_described_are_taken(description: Any, api: Api, db: None) -> None:
    client = api(Role.ADMIN)
    samples = {"boolean": "true", "integer": "1", "number": "1"}
    formats = {"date": "2026-06-30", "date-time": "2026-06-30T00:00:00Z"}
    for path, operations in description["paths"].items():
        if "{" in path or "get" not in operations or "/schema/" in path:
            continue
        parameters = operations["get"].get("parameters", [])
        values = {
            parameter["name"]: schema.get(
                "enum", [formats.get(schema.get("format"), samples.get(schema["type"], "x"))]
            )[0]
            for parameter in parameters
            for schema in [parameter["schema"]]
        }
        required = {
            parameter["name"]: values[parameter["name"]] for parameter in parameters if parameter.get("required")
        }
        for name, value in values.items():
            if name == "cursor":
                continue
            answer = client.get(path, required | {name: value})
            assert answer.status_code == 200, (path, name, json.dumps(answer.json()))
