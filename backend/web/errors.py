"""Every error leaves in one shape: a page in plain Chinese, or `{error: {field, message}}`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

log = structlog.get_logger(__name__)

# (request, status, message or '') → the answer.
RenderError = Callable[[web.Request, int, str], Awaitable[web.Response]]


class Refused(web.HTTPException):
    """A 4xx with words for the person who asked, and the field it is about ('' for the whole).

    `web.HTTPException` classes carry their status in the class, so this one is made per status by
    `refuse`.
    """

    field = ""
    words = ""


def refuse(status: int, words: str, field: str = "") -> Refused:
    """Build (not raise) an error of the given 4xx status."""
    made = type("Refused", (Refused,), {"status_code": status})
    error: Refused = made()
    error.words, error.field = words, field
    return error


def error_boundary(render: RenderError) -> Middleware:
    """Middleware: redirects pass, every other HTTP error is rendered, the unforeseen becomes 500.

    The log names the route and the exception's type, nothing anybody wrote.
    """

    @web.middleware
    async def boundary(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            words = error.words if isinstance(error, Refused) else ""
            response = await render(request, error.status, words)
            for name in ("Allow", "Retry-After"):
                if name in error.headers:
                    response.headers[name] = error.headers[name]
            return response
        except (PoolTimeout, TimeoutError) as error:
            log.warning("web.unavailable", route=_route(request), error=type(error).__name__)
            return await render(request, 503, "")
        except DBAPIError as error:
            lost = error.connection_invalidated
            log.error("web.database", route=_route(request), error=type(error.orig).__name__)
            return await render(request, 503 if lost else 500, "")
        except SQLAlchemyError as error:
            log.error("web.database", route=_route(request), error=type(error).__name__)
            return await render(request, 500, "")
        except Exception as error:  # noqa: BLE001 - the last line before the client
            log.error(
                "web.unforeseen",
                route=_route(request),
                error=type(error).__name__,
                at=_where(error),
            )
            return await render(request, 500, "")

    return boundary


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource else '?'}"


def _where(error: BaseException) -> str:
    """The last place in our own code, 'file.py:12': an exception's words may hold personal data."""
    place = ""
    traceback = error.__traceback__
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if "site-packages" not in name:
            place = f"{name.rsplit('/', 1)[-1]}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
