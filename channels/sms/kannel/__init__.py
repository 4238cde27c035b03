"""Kannel's HTTP interface, both ways. Configuration and facts: ../README.md."""

from channels.sms.kannel.channel import KannelChannel, create

__all__ = ["KannelChannel", "create"]
