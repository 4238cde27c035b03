"""`xiangyin wechat`: the menu of an account, and QR codes for villages and counters."""

from __future__ import annotations

import argparse
import asyncio
import difflib
from collections.abc import Awaitable, Callable
from pathlib import Path

from backend.catalogue import CatalogueError
from backend.ports import Account
from channels.wechat.administration import Administration
from channels.wechat.menu import MenuError, lines, same
from xiangyin.commands.failure import DATABASE_ERRORS, database_reason, failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.loading import load_settings
from xiangyin.own_catalogue import read_catalogues
from xiangyin.settings import Settings
from xiangyin.wechat.account import WECHAT_ERRORS, NoSuchAccount, find_account, opened, why
from xiangyin.wechat.menu_file import load_menu
from xiangyin.wechat.places import NoSuchSpot, Spot, chosen, villages
from xiangyin.wechat.qrcode_folder import SHEET, NotAPicture, fill

Work = Callable[[Settings, Account, Administration, argparse.Namespace], Awaitable[int]]


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("wechat", help="公众号的自定义菜单和二维码")
    actions = parser.add_subparsers(title="操作", metavar="操作", required=True)

    menu = actions.add_parser("menu", help="安装自定义菜单，先说和现在的有什么不同")
    menu.add_argument("--account", required=True, metavar="账号", help="设置里的账号名")
    menu.add_argument("--dry-run", action="store_true", help="只看不同，不改")
    menu.set_defaults(execute=lambda args: _execute(_menu, args))

    codes = actions.add_parser("qrcode", help="做二维码，扫码的人在哪个村、哪个窗口就知道了")
    codes.add_argument("--account", required=True, metavar="账号", help="设置里的账号名")
    codes.add_argument("--place", action="append", default=[], metavar="代码", help="一个村或社区")
    codes.add_argument("--all-villages", action="store_true", help="全部村和社区")
    codes.add_argument(
        "--counter", action="append", default=[], metavar="代码", help="一个单位的窗口"
    )
    codes.add_argument("--out", required=True, type=Path, metavar="文件夹", help="图片放在哪里")
    codes.set_defaults(execute=lambda args: _execute(_codes, args))


def _execute(work: Work, args: argparse.Namespace) -> int:
    settings = load_settings()

    async def run() -> int:
        account = find_account(settings, args.account)
        async with opened(settings, account) as ready:
            try:
                return await work(settings, account, ready, args)
            except WECHAT_ERRORS as error:
                return failed(why(error, ready))

    try:
        return asyncio.run(run())
    except (NoSuchAccount, MenuError, NoSuchSpot, CatalogueError) as error:
        return failed(str(error))


async def _menu(
    settings: Settings, account: Account, ready: Administration, args: argparse.Namespace
) -> int:
    wanted = load_menu(settings, account.name, ready.options)
    installed = await ready.menu.installed()
    if same(installed, wanted):
        print("菜单已经是这样，不用改：", *lines(wanted), sep="\n  ")
        return 0
    changes = difflib.ndiff(lines(installed), lines(wanted))
    print("菜单要改的（- 去掉，+ 换上）：", *(one for one in changes if one[0] != "?"), sep="\n  ")
    if args.dry_run:
        print("只是看看，没有改。")
        return 0
    await ready.menu.install(wanted)
    print("已装上。已关注的人最多 24 小时内看到，重新进入公众号马上看到。")
    return 0


async def _codes(
    settings: Settings, account: Account, ready: Administration, args: argparse.Namespace
) -> int:
    try:
        spots = await _spots(settings, args)
        made = await fill(args.out, spots, ready.qrcodes.picture, title=settings.county)
    except NotAPicture:
        return failed("微信给的不是图片，请稍后再试；已做好的都留着")
    except DATABASE_ERRORS as error:
        return failed(f"读写不了：{database_reason(error)}")
    print(f"做了 {made} 个，原来就有 {len(spots) - made} 个，在 {args.out}")
    print(f"打印用 {args.out / SHEET}（浏览器打开）")
    return 0


async def _spots(settings: Settings, args: argparse.Namespace) -> list[Spot]:
    if not (args.place or args.counter or args.all_villages):
        raise NoSuchSpot("请写 --place 代码、--counter 代码或 --all-villages")
    catalogue, _ = await read_catalogues(settings)
    every = villages(catalogue) if args.all_villages else []
    named = chosen(catalogue, args.place, args.counter)
    return list({one.scene: one for one in [*every, *named]}.values())
