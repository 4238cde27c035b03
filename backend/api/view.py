"""What every resource of the API starts from."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp_pydantic import PydanticView  # type: ignore[import-untyped]
from pydantic import BaseModel, ValidationError

from backend.api.errors import validation_response
from backend.organisation.sessions import Actor
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.sessions import require_session


class ApiView(PydanticView):  # type: ignore[misc]
    """A resource. Parameters come from the signatures of its methods: positional-only ones from
    the path, a pydantic model from the body, the others from the query string."""

    async def on_validation_error(self, exception: ValidationError, context: Any) -> web.Response:
        return validation_response(exception)

    @property
    def deps(self) -> WebDependencies:
        return dependencies(self.request)

    @property
    def actor(self) -> Actor:
        return require_session(self.request).actor


def answer(model: BaseModel, status: int = 200) -> web.Response:
    """A model as JSON."""
    return web.Response(
        text=model.model_dump_json(), status=status, content_type="application/json"
    )
