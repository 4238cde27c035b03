"""The API keeps what its document says, whatever comes in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backend.web.sessions import CSRF_HEADER
from tests.console.site import Site

EXAMPLES = 20
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


async def document(site: Site) -> dict[str, Any]:
    async with site.client() as client, client.get("/api/v1/openapi.json") as response:
        assert response.status == 200
        found: dict[str, Any] = await response.json()
        return found


async def test_document_is_openapi_3_1_and_names_every_route(site: Site) -> None:
    found = await document(site)
    assert found["openapi"] == "3.1.0"
    for name, schema in found["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert name
    routes = {
        route.resource.canonical
        for route in site.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/v1/")
    }
    assert set(found["paths"]) == routes - {"/api/v1/openapi.json"}
    for path, operations in found["paths"].items():
        for operation in operations.values():
            assert operation["responses"]["422"], path
            described = {one["name"] for one in operation.get("parameters", ())}
            assert set(re.findall(r"\{(\w+)\}", path)) <= described


def _hammer(url: str, raw: dict[str, Any], number: str, headers: dict[str, str]) -> list[str]:
    """Call every operation with `EXAMPLES` requests made from the document, and bad ones."""
    schema = schemathesis.openapi.from_dict(raw)
    schema.config.update(base_url=url)
    called: list[str] = []
    for result in schema.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def call(case: Any) -> None:
            # Logging out would make the rest of the run a row of 401s.
            keep = case.operation.label != "DELETE /api/v1/session"
            if "number" in (case.path_parameters or {}):
                case.path_parameters["number"] = number
            response = case.call(headers=headers if keep else {})
            case.validate_response(response, checks=list(CHECKS))

        call()
        called.append(operation.label)
    return called


async def test_no_request_made_from_the_document_breaks_it(site: Site) -> None:
    filed = await site.petition()
    raw = await document(site)
    async with site.logged_in("county") as (client, token):
        [cookie] = [one for one in client.cookie_jar if one.key == "xiangyin_session"]
        headers = {CSRF_HEADER: token, "Cookie": f"{cookie.key}={cookie.value}"}
        called = await asyncio.to_thread(_hammer, site.url, raw, filed.number, headers)
    assert len(called) == sum(len(operations) for operations in raw["paths"].values()) > 15


Body = Callable[[], bytes]


async def test_bad_bodies_get_a_4xx_in_one_shape(site: Site) -> None:
    filed = await site.petition()
    bodies: list[tuple[bytes, str]] = [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[" * 30_000, "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"{}", "application/json; charset=nonsense"),
        (b"version=1", "application/x-www-form-urlencoded"),
        (b'{"version": ' + b"9" * 5_000 + b"}", "application/json"),
        (b'{"version": 1, "text": "a\\u0000b"}', "application/json"),
        (b'{"version": 1, "text": "a\\ud800b"}', "application/json"),
        (b'{"version": 1, "text": "ok", "extra": 1}', "application/json"),
        (b'["version"]', "application/json"),
        (b"null", "application/json"),
    ]
    async with site.logged_in("town") as (client, token):
        for body, kind in bodies:
            path = f"/api/v1/petitions/{filed.number}/answer"
            headers = {"X-CSRF-Token": token, "Content-Type": kind}
            async with client.post(path, data=body, headers=headers) as response:
                assert response.status in (400, 415, 422), body[:40]
                error = (await response.json())["error"]
                assert set(error) == {"field", "message"}, body[:40]
        for query in (
            "q=%00",
            "q=%ED%A0%80",
            "after=x",
            "limit=0",
            "state=none",
            "limit=1&limit=2",
        ):
            async with client.get(f"/api/v1/petitions?{query}") as response:
                assert response.status in (200, 422), query
    assert (await site.current(filed.number)).version == 1
