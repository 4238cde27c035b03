"""Permanent QR codes with a scene: whoever scans one follows the account, and says where they are.

From "生成带参数的二维码": an account has 100,000 of them; a scene has 1 to 64 characters.
"""

from __future__ import annotations

from typing import Any

from yarl import URL

from channels.wechat.access_token import AccessToken
from channels.wechat.api import WechatApi

SCENE_BYTES = 64
PICTURE_BYTES = 1 << 20


class SceneError(ValueError):
    """The scene is none that WeChat takes."""


class QrCodes:
    """Makes codes of one account."""

    def __init__(self, api: WechatApi, token: AccessToken, pictures: str) -> None:
        """`pictures`: the host that shows codes."""
        self._api = api
        self._token = token
        self._pictures = pictures

    async def picture(self, scene: str) -> bytes:
        """A permanent code of the scene as WeChat draws it (JPEG). Raises SceneError, and as
        `WechatApi.post_json` and `download_url`."""
        if not 1 <= len(scene.encode("utf-8")) <= SCENE_BYTES:
            raise SceneError(f"a scene has 1 to {SCENE_BYTES} bytes: {scene}")
        body = {
            "action_name": "QR_LIMIT_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }

        async def create(token: str) -> dict[str, Any]:
            return await self._api.post_json("/cgi-bin/qrcode/create", body, access_token=token)

        ticket = str((await self._token.use(create))["ticket"])
        address = URL(f"{self._pictures}/cgi-bin/showqrcode").with_query(ticket=ticket)
        return (await self._api.download_url(address, max_bytes=PICTURE_BYTES)).data
