"""`xiangyin user`: officials' accounts from the command line."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.clock import SystemClock
from backend.database.engine import Database
from backend.organisation.passwords import one_time_password
from backend.organisation.roles import Role
from backend.organisation.totp import reset_totp
from backend.organisation.tree import org_by_code
from backend.organisation.users import (
    User,
    UserRefused,
    create_user,
    list_users,
    reset_password,
    set_user_active,
    user_by_login,
)
from xiangyin.commands.failure import DATABASE_ERRORS, database_reason, failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.loading import load_settings

REFUSALS = {
    "login_form": "登录名只能用小写字母、数字和 . _ -，2 到 64 个，以字母或数字开头",
    "login_taken": "这个登录名已经有人用了",
    "name": "姓名应为 1 到 64 个字",
    "role": f"角色应为 {'、'.join(Role)} 之一",
    "org": "没有这个机构，或它已停用；机构的 code 见 data/catalogue/organisation.yml",
    "unknown_user": "没有这个用户；xiangyin user list 列出全部用户",
}
Work = Callable[[AsyncConnection, argparse.Namespace], Awaitable[str]]


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("user", help="管理干部的登录账号")
    actions = parser.add_subparsers(title="操作", metavar="操作", required=True)

    adding = actions.add_parser("add", help="增加一个用户，给出一次性口令")
    adding.add_argument("login", help="登录名，如 lihua")
    adding.add_argument("--name", required=True, help="姓名")
    adding.add_argument("--org", required=True, help="机构的 code，如 county_water")
    adding.add_argument("--role", default=Role.HANDLER, help="、".join(Role))
    adding.set_defaults(execute=lambda args: _execute(_add, args))

    listing = actions.add_parser("list", help="列出全部用户")
    listing.set_defaults(execute=lambda args: _execute(_list, args))

    for name, text, work in (
        ("reset", "忘了口令：给一个新的一次性口令", _reset),
        ("totp-reset", "手机丢了：取消他的动态口令，凭口令登录后可重新设置", _totp_reset),
        ("disable", "停用：不能再登录，已登录的立即退出", _disable),
        ("enable", "恢复停用的用户", _enable),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("login", help="登录名")
        action.set_defaults(execute=lambda args, work=work: _execute(work, args))


def _execute(work: Work, args: argparse.Namespace) -> int:
    settings = load_settings()

    async def run() -> str:
        database = Database(settings.database_url)
        try:
            async with database.write() as connection:
                return await work(connection, args)
        finally:
            await database.close()

    try:
        print(asyncio.run(run()))
    except UserRefused as error:
        return failed(REFUSALS.get(error.problem, error.problem))
    except DATABASE_ERRORS as error:
        return failed(
            f"数据库用不了：{database_reason(error)}\n若还没有建立，先运行 xiangyin migrate"
        )
    return 0


async def _add(connection: AsyncConnection, args: argparse.Namespace) -> str:
    office = await org_by_code(connection, args.org)
    if office is None:
        raise UserRefused("org")
    password = one_time_password(login=args.login, name=args.name)
    await create_user(
        connection,
        login=args.login,
        name=args.name,
        password=password,
        org_id=office.id,
        role=args.role,
        now=SystemClock().now(),
        must_change_password=True,
    )
    return _handed_over(args.login, password)


async def _reset(connection: AsyncConnection, args: argparse.Namespace) -> str:
    found = await _find(connection, args.login)
    password = one_time_password(login=found.login, name=found.name)
    await reset_password(connection, found.id, password, SystemClock().now())
    return _handed_over(found.login, password)


async def _totp_reset(connection: AsyncConnection, args: argparse.Namespace) -> str:
    found = await _find(connection, args.login)
    await reset_totp(connection, found.id, SystemClock().now())
    return f"{found.login} 的动态口令已取消，请他登录后在“我的账号”里重新设置"


async def _disable(connection: AsyncConnection, args: argparse.Namespace) -> str:
    found = await _find(connection, args.login)
    await set_user_active(connection, found.id, False, SystemClock().now())
    return f"{found.login} 已停用"


async def _enable(connection: AsyncConnection, args: argparse.Namespace) -> str:
    found = await _find(connection, args.login)
    await set_user_active(connection, found.id, True, SystemClock().now())
    return f"{found.login} 已恢复"


async def _list(connection: AsyncConnection, args: argparse.Namespace) -> str:
    users = await list_users(connection, "/")
    lines = [
        f"{user.login}\t{user.name}\t{user.org_name}\t{user.role}"
        f"\t{'在用' if user.active else '停用'}"
        for user in users
    ]
    return "\n".join(lines) or "还没有用户"


async def _find(connection: AsyncConnection, login: str) -> User:
    found = await user_by_login(connection, login)
    if found is None:
        raise UserRefused("unknown_user")
    return found


def _handed_over(login: str, password: str) -> str:
    return f"登录名：{login}\n一次性口令：{password}\n请当面交给本人，首次登录时要改。"
