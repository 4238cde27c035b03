"""`xiangyin demo`: a county to look at, filled the first time, started at once afterwards."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from backend.clock import SystemClock
from backend.conversation.texts import Texts
from backend.database.engine import Database
from backend.organisation.passwords import one_time_password
from backend.petitions.rules import load_petition_rules
from xiangyin import run_lock
from xiangyin.commands import run
from xiangyin.commands.failure import DATABASE_ERRORS, database_reason, failed
from xiangyin.commands.parsers import Subcommands
from xiangyin.commands.train import train_at_start
from xiangyin.demo.fill import Filled, Holding, clear, fill, holding
from xiangyin.demo.stories import DemoDataError, Material, load_material
from xiangyin.demo.survey_stories import load_surveys
from xiangyin.loading import load_settings
from xiangyin.model_service import shelf_of
from xiangyin.preparation import prepare_database
from xiangyin.settings import PROJECT, Settings
from xiangyin.wiring import DATA, load_readings

FOLDER = "var/demo"
LOGINS = "logins.txt"
ROLES = {
    "admin": "管理员",
    "supervisor": "督办",
    "dispatcher": "受理员",
    "handler": "经办",
    "reader": "只读",
}


def register(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("demo", help="演示县：第一次填入几百件诉求并启动，以后直接启动")
    parser.add_argument("--again", action="store_true", help="丢掉原来的演示县，重新填一个")
    parser.add_argument("--fill-only", action="store_true", help="只填入，不启动")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    settings = _settings()
    if settings.accounts:
        return failed(
            "设置里有真实的账号，演示县不接真实的渠道。\n"
            "请另写一份设置，用 XIANGYIN_CONFIG 指定，再运行 xiangyin demo"
        )
    if code := train_at_start(settings):
        return code
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    lock = run_lock.take(settings.var_dir, settings.role)
    if lock is None:
        return failed(f"乡音已经在 {settings.var_dir} 里运行着，先停掉它（Ctrl-C）")
    try:
        problem = asyncio.run(_have_county(settings, again=args.again))
    except DATABASE_ERRORS as error:
        return failed(f"数据库 {settings.masked_database_url} 用不了：{database_reason(error)}")
    except DemoDataError as error:
        return failed(f"演示县的数据有误：{error}")
    finally:
        os.close(lock)
    if problem:
        return failed(problem)
    print((settings.var_dir / LOGINS).read_text(encoding="utf-8"), flush=True)
    if args.fill_only:
        return 0
    return run.execute(argparse.Namespace(role=None, train=False))


def _settings() -> Settings:
    """The demo's own folder unless the settings name one. By environment, because the app's
    process reads the settings again."""
    os.environ["XIANGYIN_DEMO"] = os.environ["XIANGYIN_SIMULATOR"] = "true"
    settings = load_settings()
    if settings.var_dir == PROJECT / "var":
        os.environ["XIANGYIN_VAR_DIR"] = FOLDER
        settings = load_settings()
    return settings


async def _have_county(settings: Settings, *, again: bool) -> str | None:
    """Fill where nothing is; a sentence where it must not be done."""
    database = Database(settings.database_url)
    try:
        held = await holding(database)
        if held is Holding.REAL:
            return (
                f"数据库 {settings.masked_database_url} 里有真实的用户或诉求，没有动它。\n"
                "演示县要放在自己的库里：不要给演示设置 database_url，或换一个 XIANGYIN_VAR_DIR"
            )
        if held is Holding.DEMO and not again:
            return None
        if held is Holding.DEMO:
            await clear(database)
            for folder in (settings.media_dir, settings.var_dir / "simulator"):
                shutil.rmtree(folder, ignore_errors=True)
        await _fill(settings, database)
    finally:
        await database.close()
    return None


async def _fill(settings: Settings, database: Database) -> None:
    print("正在填入演示县，约需一分钟……", flush=True)
    await prepare_database(database)
    rules = load_petition_rules(DATA)
    material = load_material(DATA / "demo", rules.catalogue)
    password = one_time_password(login=LOGINS, name="")
    filled = await fill(
        database,
        material,
        load_surveys(DATA / "demo" / "surveys", rules.catalogue),
        now=SystemClock().now(),
        password=password,
        rules=rules,
        readings=load_readings(rules, shelf_of(settings)),
        texts=Texts.load(DATA / "texts" / "replies.yml"),
        media_folder=settings.media_dir,
    )
    offices = {code: unit.name for code, unit in rules.catalogue.organisation.items()}
    _keep_logins(settings.var_dir / LOGINS, material, offices, filled, password)


def _keep_logins(
    file: Path, material: Material, offices: Mapping[str, str], filled: Filled, password: str
) -> None:
    """So that they can be shown again at every start; readable by the owner only."""
    lines = [
        f"演示县：{filled.petitions} 件诉求，一份 {filled.surveyed} 人答完的调查。",
        f"以下登录名的口令都是 {password}",
    ]
    lines += [
        f"  {one.login:<10} {one.name}（{offices[one.org]}，{ROLES[one.role]}）"
        for one in material.officials
    ]
    lines.append("  各办公室的经办用机构的 code 登录，如 county_education，口令相同。")
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as kept:
        kept.write("\n".join(lines) + "\n")
