"""One configured account of a channel: which channel, whose office, and the channel's options.

The channel checks its own options; here only their secrets are told apart and read from files.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from backend.ports import Account
from backend.surveys.push_limits import PUSHES_PER_SECOND
from xiangyin.secret_files import SecretFileError, read_secret

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
SECRET_OPTION = re.compile(r"(^|_)(secret|token|password|passwd|key)$")
SECRET_FILE_OPTION = re.compile(r"(^|_)(secret|token|password|passwd|key)_file$")
USUAL_WEIGHT = 50
NUMBER_OPTION = re.compile(r"_(seconds|port|limit|bytes|count)$")


def is_secret(option: str) -> bool:
    """True for names such as token, app_secret, send_password, aes_key."""
    return SECRET_OPTION.search(option) is not None


class AccountSettings(BaseModel):
    """`[accounts.<name>]`: `channel`, `org`, how many surveys' questions may be pushed per second,
    the pool of accounts that stand in for each other and the share this one usually carries;
    everything else is the channel's own."""

    model_config = ConfigDict(extra="allow")

    channel: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,31}$", description="渠道的名字，如 wechat、sms"
    )
    org: str = ""
    push_per_second: float = Field(
        PUSHES_PER_SECOND, gt=0, le=1000, description="大于 0、不超过 1000 的数"
    )
    pool: str = Field(
        "", pattern=r"^[a-z0-9_-]{0,32}$", description="小写字母、数字、- 和 _，至多 32 个"
    )
    weight: int = Field(USUAL_WEIGHT, ge=0, le=100, description="0 到 100 的整数")

    @model_validator(mode="before")
    @classmethod
    def _read_options(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        read: dict[str, Any] = {}
        for option, value in values.items():
            if SECRET_FILE_OPTION.search(option):
                name = option.removesuffix("_file")
                if name in values:
                    raise ValueError(f"{name} 和 {option} 只能写一个")
                try:
                    read[name] = SecretStr(read_secret(Path(str(value))))
                except SecretFileError as error:
                    raise ValueError(f"{option}：{error}") from error
            elif is_secret(option) and not isinstance(value, SecretStr):
                read[option] = SecretStr(str(value))
            else:
                read[option] = _plain(option, value)
        return read

    def account(self, name: str) -> Account:
        """As the channel gets it, with its secrets."""
        options = {
            option: value.get_secret_value() if isinstance(value, SecretStr) else value
            for option, value in (self.model_extra or {}).items()
        }
        return Account(name=name, channel=self.channel, options=options)


def _plain(option: str, value: Any) -> Any:
    # The environment knows only strings.
    if not isinstance(value, str):
        return value
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    if NUMBER_OPTION.search(option):
        try:
            return float(value) if "." in value else int(value)
        except ValueError:
            return value
    return value
