"""Gateways to test against, with the faults real ones show. Not for service."""

from channels.sms.testing.fake_aliyun import FakeAliyun
from channels.sms.testing.fake_tencent import FakeTencent
from channels.sms.testing.ismg import FakeIsmg
from channels.sms.testing.smsc import FakeSmsc
from channels.sms.testing.smsc_traps import SmscTraps
from channels.sms.testing.traps import Traps

__all__ = ["FakeAliyun", "FakeIsmg", "FakeSmsc", "FakeTencent", "SmscTraps", "Traps"]
