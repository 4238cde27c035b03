"""Types that say in a view's signature which status comes with which model."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, Union

if TYPE_CHECKING:
    from aiohttp import web

    # For the type checker a view returns a response (or, equally, the model that is in it).
    Model = TypeVar("Model")
    r200 = Union[web.Response, Model]  # noqa: UP007
    r201 = Union[web.Response, Model]  # noqa: UP007
    r204 = web.Response
else:
    from aiohttp_pydantic.oas.typing import r200, r201, r204

__all__ = ["r200", "r201", "r204"]
