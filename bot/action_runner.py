"""Runs the custom actions inside this process instead of over HTTP."""

from __future__ import annotations

import json
import marshal
from contextvars import ContextVar
from typing import Any

from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

ACTIONS_PACKAGE = "actions"

action_failures: ContextVar[list[str] | None] = ContextVar("action_failures", default=None)
"""Where the actions of the turn under way note that they failed. Rasa swallows an action's
exception and goes on without its events; the engine must not answer such a turn."""


class InProcessActions(EndpointConfig):
    """Stands where Rasa expects an action server's address; answers as that server would."""

    def __init__(self) -> None:
        super().__init__(url="in-process")
        self._executor = ActionExecutor()
        self._executor.register_package(ACTIONS_PACKAGE)

    @property
    def names(self) -> frozenset[str]:
        """The actions that can be run."""
        return frozenset(self._executor.actions)

    async def request(
        self,
        method: str = "post",
        subpath: str | None = None,
        content_type: str | None = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Run the action the call names. Raises ClientResponseError as an HTTP server's 400
        (the action rejects to run) or 404 (no such action) would."""
        call = kwargs["json"]
        # The tracker part as values of its own, as over HTTP: an action that changes what it was
        # given must not change the conversation's past. marshal is the fastest deep copy of
        # plain data and is never stored.
        isolated = {**call, "tracker": marshal.loads(marshal.dumps(call["tracker"]))}  # noqa: S302
        try:
            return await self._executor.run(isolated)
        except ActionExecutionRejection as rejection:
            body = {"error": rejection.message, "action_name": rejection.action_name}
            raise ClientResponseError(400, "rejected", json.dumps(body)) from rejection
        except ActionNotFoundException as missing:
            _note_failure(f"{missing.action_name}: no such action")
            body = {"error": missing.message, "action_name": missing.action_name}
            raise ClientResponseError(404, "not found", json.dumps(body)) from missing
        except Exception as error:
            _note_failure(f"{call['next_action']}: {_where(error)}")
            raise


def _note_failure(failure: str) -> None:
    noted = action_failures.get()
    if noted is not None:
        noted.append(failure)


def _where(error: BaseException) -> str:
    """The error's type and the line that raised it; not its message, which may hold what a
    citizen wrote."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
