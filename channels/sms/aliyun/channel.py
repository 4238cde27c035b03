"""The channel of one account at Aliyun."""

from __future__ import annotations

from backend.ports import Account, ChannelDependencies
from channels.sms.aliyun.decode import AliyunDecoder
from channels.sms.aliyun.protocol import AliyunProtocol
from channels.sms.cloud.account_channel import CloudChannel
from channels.sms.cloud.options import read_common, text

ENDPOINT = "https://dysmsapi.aliyuncs.com"
OWN = ("access_key_id", "access_key_secret")


def create(account: Account, deps: ChannelDependencies) -> CloudChannel:
    """Raises ValueError naming the option that is wrong."""
    options = read_common(account.options, named=True, endpoint=ENDPOINT, own=OWN)
    protocol = AliyunProtocol(
        options,
        text(account.options, "access_key_id", "the AccessKey ID of a RAM user"),
        text(account.options, "access_key_secret", "the secret of that AccessKey"),
        deps.clock,
    )
    return CloudChannel(account, deps, options, protocol, AliyunDecoder(), "阿里云")
