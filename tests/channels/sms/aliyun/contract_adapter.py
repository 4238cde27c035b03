"""SMS over Aliyun, held to the contract of every channel."""

from __future__ import annotations

from ports_in_memory import FakeClock

from channels.sms.testing import FakeAliyun
from channels.sms.testing.cloud import KEY
from channels.sms.testing.fake_aliyun import ACCESS_KEY_SECRET
from tests.channels.sms.cloud.cloud_adapter import CloudAdapter


class AliyunAdapter(CloudAdapter):
    secrets = (KEY, ACCESS_KEY_SECRET)
    required_options = ("access_key_id", "access_key_secret", "signature", "templates", "key")
    busy = "Throttling.User"
    refused = "isv.MOBILE_NUMBER_ILLEGAL"

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.fake = FakeAliyun()


ADAPTER = AliyunAdapter
