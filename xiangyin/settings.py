"""Every setting of Xiangyin, from the environment (`XIANGYIN_…`) or from one `xiangyin.toml`.

`docs/settings.md` explains each. A field's description says, in Chinese, what it should be; the
error for a wrong value quotes it. Relative paths are relative to the project's folder.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import tempfile
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError
from yarl import URL

from backend.organisation.roles import Role as Official
from backend.ports import Account
from backend.surveys.push_limits import QuietHours
from xiangyin.accounts import NAME, AccountSettings
from xiangyin.secret_files import read_or_create_key

PROJECT = Path(__file__).resolve().parent.parent
BOT_PYTHON = PROJECT / "bot" / ".venv" / "bin" / "python"
# Made of the project's data, not of an installation's: the same for every `var_dir`. What an
# installation learns beside it lies in its own `models_dir`.
TRIAGE_MODEL = PROJECT / "var" / "models" / "triage.npz"
LONGEST_SOCKET_PATH = 100  # bytes; the kernel's limit is 107
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
DRIVERS |= {driver: driver for driver in DRIVERS.values()} | {"postgres": DRIVERS["postgresql"]}
REDIS_OFF = "off"


class Role(StrEnum):
    """What one app process does; `all` does everything."""

    ALL = "all"
    GATEWAY = "gateway"
    WORKER = "worker"
    WEB = "web"


# The roles with each part; that of the gateway holds the channels.
GATEWAY = frozenset({Role.ALL, Role.GATEWAY})
WORKER = frozenset({Role.ALL, Role.WORKER})
WEB = frozenset({Role.ALL, Role.WEB})


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Settings(BaseSettings):
    """Checked and complete; made by `xiangyin.loading.load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix="XIANGYIN_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    county: str = Field("青禾县", min_length=1, max_length=30, description="县（市、区）的名称")
    role: Role = Field(Role.ALL, description="all、gateway、worker、web 之一")
    log_level: LogLevel = Field(LogLevel.INFO, description="debug、info、warning、error 之一")

    var_dir: Path = Field(Path("var"), description="可写的文件夹")
    media_dir: Path = Field(Path(), description="可写的文件夹，不写则在 var_dir 下")
    spool_dir: Path = Field(Path(), description="可写的文件夹，不写则在 var_dir 下")
    secret_key_file: Path = Field(Path(), description="权限为 600 的文件，首次运行时自动生成")

    database_url: str = Field(
        "",
        repr=False,
        description="sqlite:///文件 或 postgresql://用户:口令@主机/库名，不写则用 SQLite",
    )
    redis_url: str = Field(
        "",
        repr=False,
        description="redis://、rediss:// 或 unix:// 开头的地址；空着用自带的 Valkey，off 表示不用",
    )

    http_host: str = Field("127.0.0.1", min_length=1, description="监听的地址，如 127.0.0.1")
    http_port: int = Field(8000, ge=1, le=65535, description="1 到 65535 的整数")
    base_url: str = Field("", description="外面访问本站的网址，http:// 或 https:// 开头")
    public_url: str = Field(
        "", description="群众访问本站的网址，https:// 开头；不写则与 base_url 相同"
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="反向代理的 IP 或网段，多个用逗号分开"
    )
    max_request_bytes: int = Field(
        12 * 1024 * 1024, ge=65_536, le=104_857_600, description="65536 到 104857600 的整数（字节）"
    )
    totp_roles: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description=f"{'、'.join(Official)} 中的几个，多个用逗号分开"
    )
    session_hours: float = Field(12, gt=0, le=720, description="大于 0、不超过 720 的小时数")

    bot_socket: Path = Field(Path("run/bot.sock"), description="Unix 套接字的路径")
    bot_url: str = Field("", description="另行启动的机器人的 http:// 地址，空着则由本程序启动")
    bot_workers: int = Field(1, ge=1, le=16, description="1 到 16 的整数")

    simulator: bool = Field(False, description="true 或 false")
    demo: bool = Field(False, description="true 或 false")
    inbox_poll_seconds: float = Field(1, ge=0.05, le=60, description="0.05 到 60 的秒数")
    outbox_poll_seconds: float = Field(1, ge=0.05, le=60, description="0.05 到 60 的秒数")
    spool_poll_seconds: float = Field(2, ge=0.05, le=60, description="0.05 到 60 的秒数")

    lease_seconds: float = Field(20, ge=0.5, le=300, description="0.5 到 300 的秒数")
    claim_seconds: float = Field(60, ge=1, le=600, description="1 到 600 的秒数")

    duty_minutes: float = Field(5, ge=1, le=120, description="1 到 120 的分钟数")

    quiet_from: time = Field(time(21), description="24 小时制的时刻，如 21:00")
    quiet_until: time = Field(time(8), description="24 小时制的时刻，如 08:00")
    push_daily_cap: int = Field(3, ge=1, le=100, description="1 到 100 的整数")
    survey_gap_days: float = Field(7, ge=0, le=365, description="0 到 365 的天数")

    accounts: dict[str, AccountSettings] = Field(
        default_factory=dict, description="各渠道的账号，每个一节，写明 channel"
    )

    @field_validator("role", "log_level", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, value: str) -> str:
        if not value:
            return value
        try:
            url = make_url(value)
        except ArgumentError as error:
            raise ValueError("不是数据库地址") from error
        if url.drivername not in DRIVERS or not url.database:
            raise ValueError("不是数据库地址")
        url = url.set(drivername=DRIVERS[url.drivername])
        return url.render_as_string(hide_password=False)

    @field_validator("redis_url")
    @classmethod
    def _check_redis(cls, value: str) -> str:
        if value.lower() in ("", REDIS_OFF):
            return value.lower()
        value = value.replace("valkey", "redis", 1) if value.startswith("valkey") else value
        if not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("不是 Redis 地址")
        return value

    @field_validator("base_url", "public_url", "bot_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        if value:
            try:
                url = URL(value)
            except ValueError as error:
                raise ValueError("不是网址") from error
            if url.scheme not in ("http", "https") or not url.host or url.query_string:
                raise ValueError("不是网址")
        return value.rstrip("/")

    @field_validator("trusted_proxies", "totp_roles", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError as error:
                raise ValueError(f"{network} 不是 IP 或网段") from error
        return value

    @field_validator("totp_roles")
    @classmethod
    def _check_roles(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for role in value:
            if role not in set(Official):
                raise ValueError(f"{role} 不是角色")
        return value

    @field_validator("accounts")
    @classmethod
    def _check_names(cls, value: dict[str, AccountSettings]) -> dict[str, AccountSettings]:
        for name in value:
            if not NAME.fullmatch(name):
                raise ValueError(f"账号名 {name!r} 只能用小写字母、数字、- 和 _，至多 32 个")
        return value

    @field_validator("accounts")
    @classmethod
    def _check_pools(cls, value: dict[str, AccountSettings]) -> dict[str, AccountSettings]:
        pools: dict[str, AccountSettings] = {}
        for name, account in value.items():
            if not account.pool:
                continue
            if account.channel != "sms":
                raise ValueError(f"账号 {name} 不是短信账号，不能写 pool")
            first = pools.setdefault(account.pool, account)
            if account.org != first.org:
                raise ValueError(f"pool {account.pool} 里的账号要归同一个机构（org）")
        return value

    @model_validator(mode="before")
    @classmethod
    def _place_paths(cls, values: Any) -> Any:
        """Anchor relative paths and put what is not set below `var_dir`."""
        var = PROJECT / (values.get("var_dir") or "var")
        values["var_dir"] = var
        for name, default in (
            ("media_dir", "media"),
            ("spool_dir", "spool"),
            ("secret_key_file", "secret.key"),
            ("bot_socket", "run/bot.sock"),
        ):
            values[name] = PROJECT / values[name] if values.get(name) else var / default
        values["database_url"] = values.get("database_url") or f"sqlite:///{var / 'xiangyin.db'}"
        return values

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        url = make_url(self.database_url)
        if url.get_backend_name() == "sqlite" and url.database != ":memory:":
            anchored = url.set(database=str(PROJECT / str(url.database)))
            object.__setattr__(self, "database_url", anchored.render_as_string())
        if not self.base_url:
            object.__setattr__(self, "base_url", self.local_url)
        object.__setattr__(self, "bot_socket", _short_enough(self.bot_socket))
        return self

    @property
    def citizens_url(self) -> str:
        """Where citizens reach this site: `public_url`, else `base_url`."""
        return self.public_url or self.base_url

    @property
    def linked_url(self) -> str:
        """What links in text messages begin with; '' where citizens do not reach this site."""
        return self.citizens_url if self.citizens_url.startswith("https://") else ""

    @property
    def local_url(self) -> str:
        """The app's address for programs on this machine."""
        return f"http://{_reachable(self.http_host)}:{self.http_port}"

    @property
    def bot_sockets(self) -> tuple[Path, ...]:
        """One per bot worker: `bot.sock`, then `bot-2.sock`, …; () where `bot_url` is set."""
        if self.bot_url:
            return ()
        first = self.bot_socket
        others = range(2, self.bot_workers + 1)
        return (first, *(first.with_name(f"{first.stem}-{n}{first.suffix}") for n in others))

    @property
    def models_dir(self) -> Path:
        """Models that learnt from this installation's officials."""
        return self.var_dir / "models"

    @property
    def valkey_socket(self) -> Path:
        """Where the embedded Valkey listens."""
        return _short_enough(self.var_dir / "run" / "valkey.sock")

    @property
    def shared_store_url(self) -> str | None:
        """What a Redis client connects to; None where `redis_url` is off."""
        if self.redis_url == REDIS_OFF:
            return None
        return self.redis_url or f"unix://{self.valkey_socket}"

    @property
    def embeds_valkey(self) -> bool:
        """True where `xiangyin run` starts a Valkey of its own."""
        return not self.redis_url

    @property
    def quiet_hours(self) -> QuietHours:
        """When nobody is asked a survey's questions."""
        return QuietHours(self.quiet_from, self.quiet_until)

    @property
    def push_rates(self) -> dict[str, float]:
        """Pushes per second by account name; accounts not named here have the usual one."""
        return {name: account.push_per_second for name, account in self.accounts.items()}

    @property
    def pools(self) -> dict[str, str]:
        """By account name, of the accounts that have one."""
        return {name: account.pool for name, account in self.accounts.items() if account.pool}

    @property
    def masked_database_url(self) -> str:
        """For logs and the doctor: without the password."""
        return make_url(self.database_url).render_as_string(hide_password=True)

    def secret_key(self) -> bytes:
        """32 bytes that sign and derive; made at first use. Raises SecretFileError."""
        return read_or_create_key(self.secret_key_file)

    def channel_accounts(self) -> list[Account]:
        """The configured accounts as channels get them."""
        return [settings.account(name) for name, settings in sorted(self.accounts.items())]


def _reachable(host: str) -> str:
    # Listening everywhere is no address to go to.
    if host in ("0.0.0.0", "::", "*"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _short_enough(path: Path) -> Path:
    """The kernel refuses long socket paths: a deep clone gets its sockets in the run folder."""
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    home = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    mark = hashlib.sha256(os.fsencode(path.parent)).hexdigest()[:12]
    return home / f"xiangyin-{os.getuid()}-{mark}" / path.name
