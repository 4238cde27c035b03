"""Who opens one of our pages inside WeChat: web OAuth with the scope snsapi_base, which asks the
citizen nothing and tells their openid only ("网页授权").

Only verified service accounts have it; the page's domain must be set in WeChat's console.
"""

from __future__ import annotations

from urllib.parse import quote

from backend.ports import LoginRefused, LoginUnavailable
from channels.wechat.api import NotSent, OutcomeUnknown, WechatApi, WechatError
from channels.wechat.errcode import Action
from channels.wechat.options import WechatOptions


class PageOAuth:
    """`backend.ports.PageLogin` of one account."""

    def __init__(self, options: WechatOptions, api: WechatApi) -> None:
        self._options = options
        self._api = api

    def authorize_url(self, return_to: str, state: str) -> str:
        """Where the browser is sent. WeChat wants the parameters in this order."""
        return (
            f"{self._options.oauth_base_url}/connect/oauth2/authorize"
            f"?appid={quote(self._options.app_id, safe='')}"
            f"&redirect_uri={quote(return_to, safe='')}"
            "&response_type=code&scope=snsapi_base"
            f"&state={quote(state, safe='')}#wechat_redirect"
        )

    async def identify(self, code: str) -> str:
        """The openid. A code is good once, for five minutes. Raises LoginRefused,
        LoginUnavailable."""
        query = {
            "appid": self._options.app_id,
            "secret": self._options.app_secret,
            "code": code,
            "grant_type": "authorization_code",
        }
        try:
            answer = await self._api.get_json("/sns/oauth2/access_token", query)
        except WechatError as error:
            reason = f"{error.policy.reason} ({error.errcode})"
            if error.policy.action is Action.REJECT:
                raise LoginRefused(reason) from error
            raise LoginUnavailable(reason) from error
        except (NotSent, OutcomeUnknown) as error:
            raise LoginUnavailable(str(error)) from error
        openid = answer.get("openid")
        if not isinstance(openid, str) or not openid:
            raise LoginRefused("no openid in the answer")
        return openid
