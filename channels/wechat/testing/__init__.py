"""A fake WeChat platform for tests and demos: its API, and its side of the webhook."""

from channels.wechat.testing.callback import Delivery, Wechat
from channels.wechat.testing.notices import Notice
from channels.wechat.testing.platform import FakePlatform, Pushed
from channels.wechat.testing.rules import Fault

__all__ = ["Delivery", "FakePlatform", "Fault", "Notice", "Pushed", "Wechat"]
