"""Template and subscribe notices: short fields and a link, for whom nothing may be pushed.

Tencent, "模板消息" (`/cgi-bin/message/template/send`) and "订阅通知"
(`/cgi-bin/message/subscribe/bizsend`). A template message carries our outbox id as
`client_msg_id`, a repeat of which WeChat refuses for ten minutes; a subscribe notice has no such
key, and takes one permission of the citizen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend.ports import About, Clock, Outbound
from channels.wechat.access_token import AccessToken
from channels.wechat.api import OutcomeUnknown, WechatApi, WechatError
from channels.wechat.errcode import Action
from channels.wechat.notice_fields import filled
from channels.wechat.options import NoticeTemplate, WechatOptions
from channels.wechat.route import Route

TEMPLATE_PATH = "/cgi-bin/message/template/send"
SUBSCRIBE_PATH = "/cgi-bin/message/subscribe/bizsend"
# At once, so that all of them fall into the ten minutes of the client_msg_id.
TRIES = 3


@dataclass(frozen=True, slots=True)
class _Call:
    path: str
    body: dict[str, Any]
    tries: int


class Notices:
    """Of one account. `page` is the address of the citizen's own pages, without a slash at the
    end."""

    def __init__(
        self, options: WechatOptions, page: str, api: WechatApi, token: AccessToken, clock: Clock
    ) -> None:
        found = {Route.TEMPLATE: options.template, Route.SUBSCRIBE: options.subscribe}
        self._templates = {route: one for route, one in found.items() if one is not None}
        self._page = page
        self._api = api
        self._token = token
        self._clock = clock

    @property
    def routes(self) -> frozenset[Route]:
        """Those the account has a template for."""
        return frozenset(self._templates)

    def template_id(self, route: Route) -> str:
        return self._templates[route].id

    async def send(self, route: Route, message: Outbound, about: About) -> str:
        """WeChat's id of the notice, '' where it does not say. Raises TokenUnavailable, NotSent,
        OutcomeUnknown, WechatError."""
        call = self._call(route, message, about)
        for last in (False,) * (call.tries - 1) + (True,):
            try:
                answer = await self._token.use(
                    lambda token: self._api.post_json(call.path, call.body, access_token=token)
                )
            except OutcomeUnknown:
                if last:
                    raise
            except WechatError as error:
                if error.policy.action is Action.DONE:
                    return ""
                raise
            else:
                return str(answer.get("msgid", ""))
        raise AssertionError("unreachable")

    def _call(self, route: Route, message: Outbound, about: About) -> _Call:
        template: NoticeTemplate = self._templates[route]
        link = f"{self._page}/petitions/{about.number}"
        body = {
            "touser": message.address,
            "template_id": template.id,
            "data": filled(template.fields, about, self._clock.now()),
        }
        if route is Route.TEMPLATE:
            body |= {"url": link, "client_msg_id": str(message.outbox_id)}
            return _Call(TEMPLATE_PATH, body, TRIES)
        return _Call(SUBSCRIBE_PATH, {**body, "page": link}, 1)
