"""The channel of one account at Tencent Cloud."""

from __future__ import annotations

from backend.ports import Account, ChannelDependencies
from channels.sms.cloud.account_channel import CloudChannel
from channels.sms.cloud.options import read_common, text
from channels.sms.tencent.decode import TencentDecoder
from channels.sms.tencent.protocol import TencentProtocol

ENDPOINT = "https://sms.tencentcloudapi.com"
REGION = "ap-guangzhou"
OWN = ("secret_id", "secret_key", "app_id", "region")


def create(account: Account, deps: ChannelDependencies) -> CloudChannel:
    """Raises ValueError naming the option that is wrong."""
    given = {"region": REGION} | account.options
    options = read_common(given, named=False, endpoint=ENDPOINT, own=OWN)
    protocol = TencentProtocol(
        options,
        text(given, "secret_id", "the SecretId of a sub-account"),
        text(given, "secret_key", "the SecretKey that belongs to it"),
        text(given, "app_id", "the SmsSdkAppId, such as 1400006666"),
        text(given, "region", "a region, such as ap-guangzhou"),
        deps.clock,
    )
    return CloudChannel(account, deps, options, protocol, TencentDecoder(), "腾讯云")
