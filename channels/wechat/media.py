"""Downloading what citizens sent: `/cgi-bin/media/get`. WeChat keeps it for three days."""

from __future__ import annotations

import json

from yarl import URL

from backend.ports import MediaContent, MediaRef, MediaUnavailable, MessageKind
from channels.wechat.access_token import AccessToken, TokenUnavailable
from channels.wechat.api import (
    JSON_TYPE,
    AnswerTooLarge,
    Download,
    NotSent,
    OutcomeUnknown,
    WechatApi,
    WechatError,
)
from channels.wechat.errcode import Action

GET_PATH = "/cgi-bin/media/get"
VIDEO_HOSTS = (".qq.com",)  # a download address that WeChat gives is on one of these
MEBIBYTE = 1 << 20
# WeChat's own limits are 10 MB (photo), 2 MB (voice), 25 MB (video sent by a citizen).
MAX_BYTES = {
    MessageKind.IMAGE: 12 * MEBIBYTE,
    MessageKind.VOICE: 4 * MEBIBYTE,
    MessageKind.VIDEO: 32 * MEBIBYTE,
}


class Media:
    """Media of one account."""

    def __init__(self, api: WechatApi, token: AccessToken) -> None:
        self._api = api
        self._token = token

    async def fetch(self, ref: MediaRef) -> MediaContent:
        """The bytes and the type WeChat claims. Raises MediaUnavailable."""
        limit = MAX_BYTES.get(ref.kind, 12 * MEBIBYTE)

        async def call(token: str) -> Download:
            return await self._api.download(
                GET_PATH, {"media_id": ref.provider_ref}, access_token=token, max_bytes=limit
            )

        try:
            file = await self._token.use(call)
            if file.content_type == JSON_TYPE:
                file = await self._api.download_url(_video_url(file.data), max_bytes=limit)
        except AnswerTooLarge as error:
            raise MediaUnavailable(f"larger than {limit} bytes", permanent=True) from error
        except TokenUnavailable as error:
            raise MediaUnavailable(error.reason, permanent=False) from error
        except (NotSent, OutcomeUnknown) as error:
            raise MediaUnavailable(str(error), permanent=False) from error
        except WechatError as error:
            policy = error.policy
            later = policy.action in (Action.RETRY, Action.REFRESH) or policy.after is not None
            raise MediaUnavailable(policy.reason, permanent=not later) from error
        if not file.data:
            raise MediaUnavailable("empty file", permanent=True)
        return MediaContent(file.data, file.content_type)


def _video_url(answer: bytes) -> URL:
    """For a video WeChat may answer {"video_url": …} in place of the file."""
    try:
        url = URL(str(json.loads(answer)["video_url"]))
    except (ValueError, KeyError, TypeError) as error:
        raise MediaUnavailable("neither a file nor a video address", permanent=True) from error
    if url.scheme not in ("http", "https") or not (url.host or "").endswith(VIDEO_HOSTS):
        raise MediaUnavailable("video address is not WeChat's", permanent=True)
    return url
