"""SMS over Tencent Cloud, held to the contract of every channel."""

from __future__ import annotations

from ports_in_memory import FakeClock

from channels.sms.testing import FakeTencent
from channels.sms.testing.cloud import KEY
from channels.sms.testing.fake_tencent import SECRET_KEY
from tests.channels.sms.cloud.cloud_adapter import CloudAdapter


class TencentAdapter(CloudAdapter):
    secrets = (KEY, SECRET_KEY)
    required_options = ("secret_id", "secret_key", "app_id", "signature", "templates", "key")
    busy = "RequestLimitExceeded"
    refused = "InvalidParameterValue.IncorrectPhoneNumber"

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.fake = FakeTencent()


ADAPTER = TencentAdapter
