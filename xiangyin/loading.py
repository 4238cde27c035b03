"""Read the settings and say in plain Chinese what is wrong with them."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsError,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError
from yarl import URL

from xiangyin.accounts import AccountSettings, is_secret
from xiangyin.secret_files import SecretFileError, require_private
from xiangyin.settings import PROJECT, Settings

PREFIX = "XIANGYIN_"
FILE_VARIABLE = "XIANGYIN_CONFIG"
FILE_NAME = "xiangyin.toml"
SHOWN_VALUE = 60  # characters
# Read by tests and the Makefile, not settings of the app.
OTHER_VARIABLES = {FILE_VARIABLE, "XIANGYIN_SHARED"}


class InvalidSettings(Exception):
    """`problems`: one Chinese sentence each, beginning with the setting's name."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def settings_file() -> Path | None:
    """The file in use: `XIANGYIN_CONFIG`, else `xiangyin.toml` in the project, else None."""
    named = os.environ.get(FILE_VARIABLE)
    path = PROJECT / (named or FILE_NAME)
    return path if named or path.exists() else None


def load_settings(path: Path | None = None, **overrides: Any) -> Settings:
    """Settings from `overrides`, the environment, the file, the defaults, in this order.

    Raises InvalidSettings.
    """
    path = path or settings_file()
    values = _read_file(path) if path else {}

    class Loading(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            environment = EnvSettingsSource(settings_cls)
            return init_settings, environment, InitSettingsSource(settings_cls, values)

    try:
        return Loading(**overrides)
    except ValidationError as error:
        raise InvalidSettings([_explain(detail) for detail in error.errors()]) from None
    except SettingsError as error:
        raise InvalidSettings([f"环境变量 {PREFIX}… 读不懂：{error}"]) from None


def unknown_variables(environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """A sentence for each `XIANGYIN_…` variable that no setting reads: most likely misspelt."""
    for variable in sorted(environ):
        name = variable.removeprefix(PREFIX).split("__")[0].lower()
        ours = variable.startswith(PREFIX) and variable not in OTHER_VARIABLES
        if ours and name not in Settings.model_fields:
            yield f"{variable}：没有这个设置{_nearest(name, PREFIX)}"


def _read_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSettings([f"{FILE_VARIABLE}：读不到 {path}（{error.strerror}）"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings([f"{path}：不是正确的 TOML（{error}）"]) from error
    if _holds_secrets(values):
        try:
            require_private(path)
        except SecretFileError as error:
            raise InvalidSettings([f"{path.name}：里面写有口令，{error}"]) from error
    return values


def _holds_secrets(values: dict[str, Any]) -> bool:
    accounts = values.get("accounts")
    options = [
        option
        for account in (accounts.values() if isinstance(accounts, dict) else ())
        if isinstance(account, dict)
        for option in account
    ]
    return (
        any(map(is_secret, options))
        or _has_password(values.get("database_url"))
        or _has_password(values.get("redis_url"))
    )


def _has_password(url: Any) -> bool:
    try:
        return bool(isinstance(url, str) and url and make_url(url).password)
    except ArgumentError:
        return bool(URL(url).password) if "://" in url else False


def _explain(detail: ErrorDetails) -> str:
    name, *inside = (str(part) for part in detail["loc"])
    field = Settings.model_fields.get(name)
    if field is None:
        return f"{name}：没有这个设置{_nearest(name)}"
    if name == "accounts":
        return _explain_account(inside, detail)
    shown = f"{PREFIX}{name.upper()}（{FILE_NAME} 里的 {name}）"
    reason = _reason(detail)
    value = "" if not field.repr or reason else f"，现在是 {str(detail['input'])[:SHOWN_VALUE]!r}"
    return f"{shown}：{reason}应为 {field.description}{value}"


def _explain_account(inside: list[str], detail: ErrorDetails) -> str:
    where = ".".join(("accounts", *inside))
    field = AccountSettings.model_fields.get(".".join(inside[1:]))
    if field is not None and field.description:
        return f"{where}：应为{field.description}"
    return f"{where}：{_reason(detail) or '应为一节设置，写明 channel'}"


def _reason(detail: ErrorDetails) -> str:
    if detail["type"] != "value_error":
        return ""
    return f"{detail['msg'].removeprefix('Value error, ')}，"


def _nearest(name: str, prefix: str = "") -> str:
    near = difflib.get_close_matches(name, Settings.model_fields, n=1)
    shown = (prefix + near[0].upper() if prefix else near[0]) if near else ""
    return f"，是不是 {shown}？" if shown else "，见 docs/settings.md"
