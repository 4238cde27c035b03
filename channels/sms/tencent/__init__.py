"""Tencent Cloud's short message service (SendSms 2021-01-11). Configuration and facts:
../README.md."""

from channels.sms.tencent.channel import create

__all__ = ["create"]
