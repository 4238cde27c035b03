"""Joins the rooms: settings → database, channels, conversation, petitions. No logic of its own."""

from __future__ import annotations

import importlib
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from redis.asyncio import Redis

from backend.conversation.bot_client import BotClient
from backend.conversation.carriers import Carriers, Member
from backend.conversation.effects import Effects
from backend.conversation.gateway import ConversationGateway
from backend.conversation.inbox import Inbox
from backend.conversation.linking import PhoneLinking
from backend.conversation.media import MediaFetcher
from backend.conversation.message_links import MessageLinks
from backend.conversation.notices import ConversationNotifier
from backend.conversation.photo_reading import PhotoTexts
from backend.conversation.push_turns import PushTurns
from backend.conversation.reading import Readings
from backend.conversation.same_matters import SameMatters
from backend.conversation.sender import Sender
from backend.conversation.signals import Signals
from backend.conversation.spool import Spool
from backend.conversation.texts import Reply, Texts
from backend.conversation.turn import TurnTaker
from backend.conversation.waiters import Waiters
from backend.conversation.whereabouts import Whereabouts
from backend.conversation.worker import Worker
from backend.database.engine import Database
from backend.deployment.effective import load_shipped
from backend.deployment.live import Deployment
from backend.duty.alarm import Alarm
from backend.duty.watch import DutyWatch
from backend.guide.entries import load_guide
from backend.learning.live import ModelWatch, load_serving
from backend.learning.shelf import Shelf
from backend.ocr.reader import PhotoReader
from backend.ocr.reader import is_installed as reads_photos
from backend.petitions.grouping import MatterFinder
from backend.petitions.joinable import JoinableFinder
from backend.petitions.rules import PetitionRules, load_petition_rules
from backend.ports import Account, Channel, ChannelDependencies, Clock
from backend.shared_store import SharedValues
from backend.surveys.pushing import SurveyPusher
from backend.triage import classifier
from backend.triage.rules import load_rules
from backend.triage.sentence_vectors import SentenceReader
from xiangyin.demo.accounts import DEMO_ACCOUNTS
from xiangyin.entity_reader import load_entity_reader
from xiangyin.loading import InvalidSettings
from xiangyin.model_service import shelf_of
from xiangyin.settings import PROJECT, TRIAGE_MODEL, Settings

log = structlog.get_logger(__name__)

DATA = PROJECT / "data"
SIMULATED = {"simulator-wechat": "wechat", "simulator-sms": "sms"}
DEMO = {name: channel for channel, name in DEMO_ACCOUNTS.items()}
REDIS_SECONDS = 2.0


@dataclass(slots=True)
class Parts:
    """Everything one app process is made of."""

    settings: Settings
    owner: str  # this process's name where it claims something
    database: Database
    clock: Clock
    redis: Redis | None
    texts: Texts
    rules: PetitionRules
    deployment: Deployment
    readings: Readings
    signals: Signals
    bot: BotClient
    inbox: Inbox
    waiters: Waiters
    gateway: ConversationGateway
    worker: Worker
    push_turns: PushTurns
    duty_watch: DutyWatch
    survey_pusher: SurveyPusher
    sender: Sender
    media: MediaFetcher
    photo_texts: PhotoTexts
    notifier: ConversationNotifier
    model_watch: ModelWatch
    matters: MatterFinder
    accounts: list[Account] = field(default_factory=list)
    channels: dict[str, Channel] = field(default_factory=dict)


def accounts_of(settings: Settings) -> list[tuple[Account, str]]:
    """Configured accounts and, where switched on, the simulator's, with their office's code."""
    found = [
        (account, settings.accounts[account.name].org) for account in settings.channel_accounts()
    ]
    if settings.simulator:
        folder = str(settings.var_dir / "simulator")
        found += [
            (Account(name, "simulator", {"persona": persona, "folder": folder}), "")
            for name, persona in simulated(settings).items()
        ]
    return found


def simulated(settings: Settings) -> Mapping[str, str]:
    """The accounts the simulator plays, and what each is: the demo county's own, or its own."""
    return DEMO if settings.demo else SIMULATED


def recorded_channel(account: Account) -> str:
    """What the database says an account is: the demo county's are what the simulator plays."""
    return DEMO.get(account.name, account.channel)


def look_of(account: Account) -> str:
    """Which wording an account's citizens read: their channel's, or whom the simulator plays."""
    return str(account.options.get("persona", account.channel))


def build(settings: Settings, clock: Clock) -> Parts:
    """Make all parts; nothing is started. Raises InvalidSettings naming a wrong account option."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
    database = Database(settings.database_url)
    url = settings.shared_store_url
    redis = (
        Redis.from_url(url, socket_connect_timeout=REDIS_SECONDS, health_check_interval=30)
        if url
        else None
    )
    accounts = [account for account, _ in accounts_of(settings)]
    looks = {account.name: look_of(account) for account in accounts}
    texts = Texts.load(DATA / "texts" / "replies.yml")
    rules = load_petition_rules(DATA)
    shelf = shelf_of(settings)
    # Made first: what is put in service while the model is loaded is taken up afterwards.
    model_watch = ModelWatch(shelf, DATA / "rules", clock, lambda found: readings.take(found))
    readings = load_readings(rules, shelf)
    sentences = SentenceReader()
    signals = Signals(redis, clock)
    shipped = load_shipped(DATA)
    deployment = Deployment(
        database,
        clock,
        shipped,
        rules,
        texts,
        know=lambda found: readings.know(found.catalogue, shipped.catalogue, found.guide),
        tell=lambda newest: signals.send("deployment", newest),
    )
    inbox = Inbox(
        database,
        Spool(settings.spool_dir),
        clock,
        lambda who: signals.send("waiting", who),
        on_media=lambda who: signals.send("media", who),
        spool_poll_seconds=settings.spool_poll_seconds,
    )
    waiters = Waiters(database)
    shared = SharedValues(redis)
    whereabouts = Whereabouts(shared)
    gateway = ConversationGateway(
        database,
        inbox,
        waiters,
        clock,
        owner,
        claim_seconds=settings.claim_seconds,
        whereabouts=whereabouts,
        after_part=lambda: texts.render([Reply("continued")], "wechat"),
    )
    channels = _channels(accounts, gateway, shared, clock, settings)
    bot = BotClient(sockets=[str(path) for path in settings.bot_sockets], url=settings.bot_url)
    alarm = Alarm(texts, looks, timedelta(minutes=settings.duty_minutes))
    taker = TurnTaker(
        database,
        clock,
        bot,
        Effects(readings, rules, alarm, PhoneLinking(texts, looks, settings.secret_key)),
        readings,
        texts,
        looks,
        SameMatters(JoinableFinder(database, sentences), readings, rules),
        whereabouts,
    )
    worker = Worker(
        database,
        clock,
        owner,
        taker,
        signals,
        lease_seconds=settings.lease_seconds,
        poll_seconds=settings.inbox_poll_seconds,
    )
    quiet, rates = settings.quiet_hours, settings.push_rates
    members = {
        name: Member(pool, settings.accounts[name].weight) for name, pool in settings.pools.items()
    }
    sender = Sender(
        database,
        clock,
        owner,
        channels,
        claim_seconds=settings.claim_seconds,
        poll_seconds=settings.outbox_poll_seconds,
        push_per_second=rates,
        quiet=quiet,
        carriers=Carriers(database, clock, members),
        link=MessageLinks(settings.secret_key, settings.linked_url).link,
    )
    media = MediaFetcher(database, clock, channels, settings.media_dir)
    _listen(signals, worker, waiters, sender, media, deployment)
    return Parts(
        settings=settings,
        owner=owner,
        database=database,
        clock=clock,
        redis=redis,
        texts=texts,
        rules=rules,
        deployment=deployment,
        readings=readings,
        signals=signals,
        bot=bot,
        inbox=inbox,
        waiters=waiters,
        gateway=gateway,
        worker=worker,
        push_turns=PushTurns(
            database, clock, texts, looks, signals, poll_seconds=settings.inbox_poll_seconds
        ),
        duty_watch=DutyWatch(database, clock, alarm, lambda row: signals.send("outbox", row)),
        survey_pusher=SurveyPusher(
            database,
            clock,
            rates,
            quiet=quiet,
            gap=timedelta(days=settings.survey_gap_days),
            daily_cap=settings.push_daily_cap,
        ),
        sender=sender,
        media=media,
        photo_texts=PhotoTexts(
            database, clock, settings.media_dir, PhotoReader() if reads_photos() else None
        ),
        notifier=ConversationNotifier(texts, looks, signals, clock),
        model_watch=model_watch,
        matters=MatterFinder(database, clock, sentences),
        accounts=accounts,
        channels=channels,
    )


def load_readings(rules: PetitionRules, shelf: Shelf | None = None) -> Readings:
    """What reads citizens' words, from `data/` and the model in service, without a shelf the
    shipped one. Raises ModelError, RulesError, PatternsError, GuideError."""
    folder = DATA / "rules"
    return Readings(
        load_rules(folder),
        load_entity_reader(rules.catalogue),
        load_serving(shelf, folder) if shelf else classifier.load(TRIAGE_MODEL, folder),
        load_guide(DATA / "guide"),
    )


def _channels(
    accounts: list[Account],
    gateway: ConversationGateway,
    shared: SharedValues,
    clock: Clock,
    settings: Settings,
) -> dict[str, Channel]:
    dependencies = ChannelDependencies(
        gateway=gateway,
        shared=shared,
        clock=clock,
        trusted_proxies=settings.trusted_proxies,
        public_url=settings.citizens_url,
        folder=settings.var_dir / "channels",
    )
    made: dict[str, Channel] = {}
    for account in accounts:
        made[account.name] = _channel(account, dependencies)
    return made


def _channel(account: Account, dependencies: ChannelDependencies) -> Channel:
    module = f"channels.{account.channel}"
    try:
        channel: Channel = importlib.import_module(module).create(account, dependencies)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise InvalidSettings(
            [f"accounts.{account.name}.channel：没有 {account.channel} 这个渠道"]
        ) from error
    except ValueError as error:
        raise InvalidSettings([f"accounts.{account.name}：{error}"]) from error
    return channel


def _listen(
    signals: Signals,
    worker: Worker,
    waiters: Waiters,
    sender: Sender,
    media: MediaFetcher,
    deployment: Deployment,
) -> None:
    listeners: Mapping[str, list[object]] = {
        "waiting": [worker.wake],
        "media": [media.wake],
        "answered": [waiters.answered],
        "outbox": [sender.wake],
        "deployment": [deployment.heard],
    }
    for topic, heard_by in listeners.items():
        for listener in heard_by:
            signals.listen(topic, listener)  # type: ignore[arg-type]
