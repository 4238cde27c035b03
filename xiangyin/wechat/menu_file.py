"""The menu of an account: its own file, else the shipped one."""

from __future__ import annotations

import yaml
from yarl import URL

from backend.data_file import read_yaml
from channels.wechat.menu import Menu, MenuError, read_menu
from channels.wechat.options import WechatOptions
from xiangyin.settings import PROJECT, Settings

SHIPPED = PROJECT / "data" / "wechat" / "menu.yml"


def load_menu(settings: Settings, account: str, options: WechatOptions) -> Menu:
    """Raises MenuError in Chinese, with the file's name."""
    path = PROJECT / options.menu_file if options.menu_file else SHIPPED

    def page_url(page: str) -> str:
        base = URL(settings.citizens_url)
        if base.scheme != "https":
            raise MenuError(
                f"“{page}”要用 https 打开：请在设置里写 public_url（或 base_url），如 https://…"
            )
        return f"{settings.citizens_url}{page.replace('{account}', account)}"

    try:
        return read_menu(read_yaml(path), page_url)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise MenuError(f"{path}：读不了（{type(error).__name__}）") from error
    except MenuError as error:
        raise MenuError(f"{path}：{error}") from error
