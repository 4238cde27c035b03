"""WeChat Official Account (公众号), plain mode. See README.md in this folder."""

from channels.wechat.channel import WechatChannel, create

__all__ = ["WechatChannel", "create"]
