"""The fake platform's QR codes: qrcode/create and showqrcode."""

from __future__ import annotations

import base64
import secrets

from aiohttp import web

from channels.wechat.testing.answers import answer, read_json

# A picture is a JPEG; a checkerboard stands for the code nobody scans here.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVt"
    "VkVGZIhlbXd7gYKBTmCNl4x9lnN+gXz/wAALCAAQABABAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcI"
    "CQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcY"
    "GRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKj"
    "pKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AD/k"
    "eP8Apx+x/wDbTfv/ACxjb+tH/I8f9OP2P/tpv3/ljG39aP8AkeP+nH7H/wBtN+/8sY2/rR/yPH/Tj9j/AO2m/f8A"
    "ljG39a//2Q=="
)


class QrCodes:
    """`scenes`: ticket → scene, of all that were made."""

    def __init__(self) -> None:
        self.scenes: dict[str, str] = {}

    async def create(self, request: web.Request) -> web.Response:
        body = await read_json(request)
        if body is None or body.get("action_name") != "QR_LIMIT_STR_SCENE":
            return answer(47001)
        scene = body.get("action_info", {}).get("scene", {}).get("scene_str")
        if not isinstance(scene, str) or not 1 <= len(scene.encode()) <= 64:
            return answer(40053)
        ticket = "gQ" + secrets.token_urlsafe(60)
        self.scenes[ticket] = scene
        return web.json_response({"ticket": ticket, "url": f"http://weixin.qq.com/q/{ticket[:12]}"})

    async def show(self, request: web.Request) -> web.Response:
        """A page of the platform, not of its API: no token, 404 for an unknown ticket."""
        if request.query.get("ticket", "") not in self.scenes:
            raise web.HTTPNotFound
        return web.Response(body=JPEG, content_type="image/jpg")
