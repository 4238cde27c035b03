"""The OpenAPI 3.1 document, made from the type hints of the views."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp_pydantic.oas import pydantic_schema_to_oas  # type: ignore[import-untyped]
from aiohttp_pydantic.oas.view import generate_oas  # type: ignore[import-untyped]

from backend.api.models import ErrorAnswer
from backend.web.markers import marked_own_csrf, marked_public
from backend.web.sessions import CSRF_HEADER, SESSION_COOKIE

TITLE = "乡音 API"
VERSION = "1"
# The library writes 3.0 and turns nullable fields into what 3.0 knows; in 3.1 pydantic's own
# schemas are right as they are.
pydantic_schema_to_oas.add_or_replace_translater(
    "3.0.0", pydantic_schema_to_oas.pydantic_schema_to_oas_3_1
)

_METHODS = ("get", "post", "put", "patch", "delete")
_ANY = {400: "请求不合法", 413: "正文太长", 422: "参数或正文不合要求", 503: "暂时不能用"}
_GUARDED = {401: "没有登录", 403: "没有权限，或缺少 CSRF 令牌", 404: "没有找到，或不在权限范围内"}
_CHANGING = {409: "已被别人更新，或这一步现在不能做", 415: "正文不是 JSON"}
_LOGIN = {401: "账号或密码不对", 429: "试得太多", 415: "正文不是 JSON"}


def openapi_document(app: web.Application) -> dict[str, Any]:
    """The document of the API's routes, with the errors and the security each may meet."""
    document: dict[str, Any] = generate_oas([app], version_spec=VERSION, title_spec=TITLE)
    document["openapi"] = "3.1.0"
    document["servers"] = [{"url": "/"}]
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(_schemas())
    components["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
        "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
    }
    views = {
        route.resource.canonical: route.handler
        for route in app.router.routes()
        if route.resource is not None
    }
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                _complete(operations[method], getattr(views[path], method), method)
    return document


def _complete(operation: dict[str, Any], handler: Any, method: str) -> None:
    # Descriptions of success are empty where a docstring gives none; the document requires one.
    for response in operation.get("responses", {}).values():
        response.setdefault("description", "好了")
    errors = dict(_ANY)
    if marked_own_csrf(handler):
        errors |= _LOGIN
    elif not marked_public(handler):
        errors |= _GUARDED
        operation["security"] = [{"session": []}]
        if method != "get":
            errors |= _CHANGING
            operation["security"] = [{"session": [], "csrf": []}]
    if marked_public(handler):
        operation["security"] = []
    for status, description in errors.items():
        operation["responses"].setdefault(
            str(status),
            {
                "description": description,
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}
                },
            },
        )


def _schemas() -> dict[str, Any]:
    schema = ErrorAnswer.model_json_schema(ref_template="#/components/schemas/{model}")
    inner: dict[str, Any] = schema.pop("$defs")
    return {**inner, "ErrorAnswer": schema}
