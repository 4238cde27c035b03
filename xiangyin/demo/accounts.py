"""The accounts the demo county is written to, by channel. A database that has them is a demo's."""

from __future__ import annotations

from collections.abc import Mapping

DEMO_ACCOUNTS: Mapping[str, str] = {"wechat": "demo-wechat", "sms": "demo-sms"}
