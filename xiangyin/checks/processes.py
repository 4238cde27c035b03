"""The bots, their models, the app and its channels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from backend.learning.freshness import has_outgrown
from backend.learning.shelf import SHIPPED, Shelf
from backend.triage.examples import training_digest
from backend.triage.freshness import is_current
from backend.triage.model import ModelError, load_model
from xiangyin.checks.finding import Finding, State
from xiangyin.child import Health
from xiangyin.operator_health import PATH, operator_headers
from xiangyin.probes import ask_http, http_health
from xiangyin.secret_files import SecretFileError
from xiangyin.settings import PROJECT, TRIAGE_MODEL, Settings

BOT_MODELS = PROJECT / "bot" / "models"


def check_models(
    settings: Settings,
    triage: Path = TRIAGE_MODEL,
    bot: Path = BOT_MODELS,
    data: Path = PROJECT / "data",
) -> Sequence[Finding]:
    """Without its model the bot does not start and nothing is classified. A bot at `bot_url` has
    its model elsewhere."""
    advice = "运行 xiangyin train"
    found = []
    if not settings.bot_url and any(bot.glob("*.tar.gz")):
        found.append(Finding("机器人模型", State.GOOD, "训练过"))
    elif not settings.bot_url:
        found.append(Finding("机器人模型", State.BAD, f"{bot} 里没有模型", advice))
    if not triage.exists():
        found.append(Finding("分类模型", State.BAD, f"没有 {triage}", advice))
    elif not is_current(data, triage):
        fact = "例句或目录改过，模型还是旧的"
        found.append(Finding("分类模型", State.NOTE, fact, advice))
    else:
        found.append(Finding("分类模型", State.GOOD, "与现在的例句一致"))
    return [*found, *_own_model(Shelf(settings.models_dir, triage), data)]


def _own_model(shelf: Shelf, data: Path) -> Sequence[Finding]:
    """Nothing is said where the shipped model serves."""
    name = shelf.in_service()
    if name == SHIPPED:
        return []
    try:
        load_model(shelf.file(name))
    except ModelError:
        fact = f"正在用的 {name} 读不了，先用自带的模型"
        return [Finding("县里自己的模型", State.BAD, fact, "运行 xiangyin models rollback")]
    if has_outgrown(shelf, training_digest(data)):
        fact = f"{name} 是按旧的例句训练的"
        return [Finding("县里自己的模型", State.NOTE, fact, "运行 xiangyin train")]
    return [Finding("县里自己的模型", State.GOOD, f"正在用 {name}")]


async def check_bots(settings: Settings) -> Sequence[Finding]:
    if settings.bot_url:
        health = await http_health(f"{settings.bot_url}/health")
        advice = "" if health is Health.READY else "检查 XIANGYIN_BOT_URL 和那边的机器人"
        return [_bot("机器人", settings.bot_url, health, advice)]
    advice = "xiangyin run 会启动它；启动不了就看 var/log/ 里它的日志"
    return [
        _bot("机器人", path.name, health, "" if health is Health.READY else advice)
        for path in settings.bot_sockets
        for health in [await http_health("http://bot/health", socket=path)]
    ]


def _bot(subject: str, where: str, health: Health, advice: str) -> Finding:
    facts = {Health.READY: "就绪", Health.NOT_READY: "还没有就绪", Health.SILENT: "没有运行"}
    state = State.GOOD if health is Health.READY else State.BAD
    return Finding(subject, state, f"{where} {facts[health]}", advice)


async def check_app(settings: Settings) -> Sequence[Finding]:
    """What the running app says of itself."""
    url = f"{settings.local_url}{PATH}"
    try:
        proof = operator_headers(settings) if settings.secret_key_file.exists() else {}
        status, body = await ask_http(url, headers=proof)
    except SecretFileError:
        return []  # said already: the key's own finding
    except OSError:
        return [Finding("应用", State.BAD, f"{settings.local_url} 没有回应", "运行 xiangyin run")]
    if status != 200:
        fact = f"{settings.local_url} 答 {status}"
        advice = "那个端口上是别的程序，或用的是另一个 secret_key_file"
        return [Finding("应用", State.BAD, fact, advice)]
    found = [Finding("应用", State.GOOD, f"{settings.local_url} 有回应")]
    for name, said in body["channels"].items():
        good = bool(said.get("ok"))
        advice = "" if good else "见该渠道的说明：docs/wechat.md、docs/sms.md"
        detail = str(said.get("detail", ""))
        found.append(Finding(f"渠道 {name}", State.GOOD if good else State.BAD, detail, advice))
    return found
