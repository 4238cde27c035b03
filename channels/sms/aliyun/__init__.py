"""Aliyun's short message service (dysmsapi 2017-05-25). Configuration and facts: ../README.md."""

from channels.sms.aliyun.channel import create

__all__ = ["create"]
