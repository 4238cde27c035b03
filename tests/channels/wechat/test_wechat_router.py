"""The way a message takes, over real sockets to a platform that keeps WeChat's quotas."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from ports_in_memory import FakeClock, MemoryStore, RecordingGateway

from backend.ports import (
    About,
    Account,
    ChannelDependencies,
    Contact,
    ContactHistory,
    MessageKind,
    Noticed,
    Outbound,
    Partly,
    Retry,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)
from channels.wechat import WechatChannel, create
from channels.wechat.router import NO_WAY
from channels.wechat.testing import FakePlatform, Fault

MakeChannel = Callable[..., WechatChannel]
OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"
NUMBER = "20261123-0007-3"
SEND = "/cgi-bin/message/custom/send"
TEMPLATE = "/cgi-bin/message/template/send"
SUBSCRIBE = "/cgi-bin/message/subscribe/bizsend"
LONG = "镇里已经安排人员到现场查看。"
NOTICES = {
    "template_id": "TPL",
    "template_fields": {"character_string1": "number", "thing2": "title", "time3": "time"},
    "subscribe_template_id": "SUB",
    "subscribe_fields": {"thing1": "news", "character_string2": "number"},
}


@dataclass
class Sql:
    """What SQL would know: kept by hand, given to the gateway."""

    platform: FakePlatform
    gateway: RecordingGateway
    clock: FakeClock
    contacts: list[Contact] = field(default_factory=list)
    pushed: list[datetime] = field(default_factory=list)

    def wrote(self) -> None:
        self.platform.windows.wrote(OPENID)
        self._came(Contact(self.clock.now(), MessageKind.TEXT))

    def clicked(self) -> None:
        self.platform.windows.acted(OPENID)
        self._came(Contact(self.clock.now(), MessageKind.EVENT, "menu"))

    def permit(self, number: int = 1) -> None:
        for _ in range(number):
            self.platform.notices.accept(OPENID, "SUB")
        self.gateway.notices_permitted = number

    def record(self, result: SendResult) -> None:
        pushes = result.pushes if isinstance(result, Sent | Partly) else 0
        self.pushed += [self.clock.now()] * pushes
        self._tell(pushed=tuple(self.pushed))

    def _came(self, contact: Contact) -> None:
        self.contacts.append(contact)
        self._tell(contacts=tuple(self.contacts))

    def _tell(self, **changed: Any) -> None:
        self.gateway.history = replace(self.gateway.history or ContactHistory(), **changed)


@pytest.fixture
def sql(platform: FakePlatform, gateway: RecordingGateway, clock: FakeClock) -> Sql:
    platform.followers.add(OPENID)
    platform.enforce_windows = True
    platform.notices.templates["TPL"] = {"character_string1", "thing2", "time3"}
    platform.notices.subscribe_templates["SUB"] = {"thing1", "character_string2"}
    gateway.history = ContactHistory()
    return Sql(platform, gateway, clock)


@pytest.fixture
async def channel(make_channel: MakeChannel) -> AsyncIterator[WechatChannel]:
    channel = make_channel(**NOTICES)
    await channel.start()
    yield channel
    await channel.close()


def answer(text: str = "路灯已修好。", number: int = 1, **more: Any) -> Outbound:
    return Outbound(number, OPENID, text, about=About(NUMBER, "村口路灯不亮"), **more)


def sends(platform: FakePlatform) -> list[str]:
    return [path for path in platform.calls if "/message/" in path]


async def test_within_the_quota_the_answer_itself_goes_then_a_notice_leads_to_it(
    channel: WechatChannel, platform: FakePlatform, sql: Sql
) -> None:
    sql.wrote()
    for number in range(5):
        result = await channel.send(answer(f"第{number}条", number))
        assert result == Sent(pushes=1)
        sql.record(result)
    noticed = await channel.send(answer("第六条", 6))
    (notice,) = platform.notices.sent
    assert noticed == Noticed("template", str(notice.message_id))
    assert notice.link == f"https://xiangyin.example/me/town/petitions/{NUMBER}"
    assert notice.fields == {
        "character_string1": NUMBER,
        "thing2": "村口路灯不亮",
        "time3": "2026年11月23日 09:00",
    }
    assert "第六条" not in str(notice)
    assert sends(platform) == [SEND] * 5 + [TEMPLATE], "nothing was asked that is refused"


async def test_a_new_message_of_the_citizen_opens_the_quota_again(
    channel: WechatChannel, platform: FakePlatform, sql: Sql, clock: FakeClock
) -> None:
    sql.wrote()
    for number in range(6):
        sql.record(await channel.send(answer(number=number)))
    await clock.sleep(1)
    sql.wrote()
    assert await channel.send(answer(number=7)) == Sent(pushes=1)
    assert platform.calls.count(TEMPLATE) == 1


async def test_who_only_clicked_gets_three_within_a_minute(
    channel: WechatChannel, platform: FakePlatform, sql: Sql, clock: FakeClock
) -> None:
    sql.clicked()
    await clock.sleep(57)
    sql.record(await channel.send(answer()))
    await clock.sleep(2)
    # A second before the minute is over WeChat may say yes or no: it is not asked.
    assert isinstance(await channel.send(answer(number=2)), Noticed)
    assert sends(platform) == [SEND, TEMPLATE]


async def test_sql_is_asked_only_where_the_account_kept_does_not_do(
    channel: WechatChannel, sql: Sql, gateway: RecordingGateway
) -> None:
    sql.wrote()
    for number in range(5):
        sql.record(await channel.send(answer(number=number)))
    assert gateway.histories_asked == 1


@pytest.mark.parametrize("broken", [True, False])
async def test_a_flushed_or_lost_store_changes_nothing(
    channel: WechatChannel, platform: FakePlatform, sql: Sql, store: MemoryStore, broken: bool
) -> None:
    sql.wrote()
    for number in range(6):
        store.values.clear()
        store.broken = broken
        sql.record(await channel.send(answer(number=number)))
    assert sends(platform) == [SEND] * 5 + [TEMPLATE]


async def test_what_speaks_of_no_petition_is_kept_without_a_notice(
    channel: WechatChannel, platform: FakePlatform, sql: Sql
) -> None:
    assert await channel.send(Outbound(1, OPENID, "您好")) == Unreachable(NO_WAY)
    assert sends(platform) == []


async def test_without_templates_it_is_kept(
    make_channel: MakeChannel, platform: FakePlatform, sql: Sql
) -> None:
    channel = make_channel()
    await channel.start()
    assert await channel.send(answer()) == Unreachable(NO_WAY)
    assert sends(platform) == []
    await channel.close()


async def test_a_subscribe_notice_takes_the_permission_the_citizen_gave(
    channel: WechatChannel, platform: FakePlatform, sql: Sql
) -> None:
    sql.permit()
    platform.faults = [Fault(TEMPLATE, errcode=48001)]
    noticed = await channel.send(answer())
    (notice,) = platform.notices.sent
    assert noticed == Noticed("subscribe", str(notice.message_id), spent="SUB")
    assert notice.link == f"https://xiangyin.example/me/town/petitions/{NUMBER}"


async def test_a_permission_wechat_does_not_know_is_ended(
    channel: WechatChannel, platform: FakePlatform, sql: Sql, gateway: RecordingGateway
) -> None:
    sql.permit()
    platform.notices.reject(OPENID, "SUB")
    platform.faults = [Fault(TEMPLATE, errcode=48001)]
    assert isinstance(await channel.send(answer()), Unreachable)
    (ended,) = gateway.permissions
    assert (ended.address, ended.template_id, ended.allowed) == (OPENID, "SUB", False)


async def test_a_route_on_which_a_notice_went_before_is_not_taken_again(
    channel: WechatChannel, platform: FakePlatform, sql: Sql
) -> None:
    assert isinstance(await channel.send(answer(noticed_by=["template"])), Unreachable)
    sql.permit()
    noticed = await channel.send(answer(noticed_by=["template"]))
    assert isinstance(noticed, Noticed)
    assert noticed.by == "subscribe"
    assert sends(platform) == [SUBSCRIBE]


async def test_an_answer_longer_than_the_quota_goes_on_where_it_ended(
    channel: WechatChannel, platform: FakePlatform, sql: Sql, clock: FakeClock
) -> None:
    sql.wrote()
    text = LONG * 320  # seven parts
    result = await channel.send(answer(text))
    assert isinstance(result, Partly)
    assert result.pushes == 5
    assert isinstance(result.rest, Noticed)
    sql.record(result)
    await clock.sleep(1)
    sql.wrote()
    rest = await channel.send(answer(text[result.told :], noticed_by=["template"]))
    assert rest == Sent(pushes=2)
    assert "".join(pushed.text for pushed in platform.pushed) == text
    assert all(pushed.text.endswith("。") for pushed in platform.pushed)


async def test_half_an_answer_does_not_begin(
    channel: WechatChannel, platform: FakePlatform, sql: Sql
) -> None:
    sql.wrote()
    for number in range(4):
        sql.record(await channel.send(answer(number=number)))
    assert isinstance(await channel.send(answer(LONG * 100)), Noticed)
    assert await channel.send(answer("一句话")) == Sent(pushes=1)


async def test_a_lost_answer_in_the_middle_leaves_only_the_rest_unknown(
    channel: WechatChannel, platform: FakePlatform, sql: Sql
) -> None:
    sql.wrote()
    platform.faults = [Fault(SEND, drop=True, skip=1)]
    text = LONG * 120
    result = await channel.send(answer(text))
    assert isinstance(result, Partly)
    assert isinstance(result.rest, Unknown)
    assert text[: result.told] == platform.pushed[0].text


@pytest.mark.parametrize(
    "lost", [Fault(TEMPLATE, drop=True, times=1), Fault(TEMPLATE, status=502, times=2)]
)
async def test_a_template_message_in_doubt_is_repeated_with_its_key(
    channel: WechatChannel, platform: FakePlatform, sql: Sql, lost: Fault
) -> None:
    platform.faults = [lost]
    assert isinstance(await channel.send(answer()), Noticed)
    assert len(platform.notices.sent) == 1


async def test_a_repeat_that_wechat_refuses_has_left_before(
    channel: WechatChannel, platform: FakePlatform, sql: Sql
) -> None:
    assert isinstance(await channel.send(answer()), Noticed)
    assert await channel.send(answer()) == Noticed("template", "")
    assert len(platform.notices.sent) == 1


async def test_a_subscribe_notice_in_doubt_is_not_repeated(
    channel: WechatChannel, platform: FakePlatform, sql: Sql
) -> None:
    sql.permit(2)
    platform.faults = [Fault(SUBSCRIBE, drop=True)]
    assert isinstance(await channel.send(answer(noticed_by=["template"])), Unreachable)
    assert sends(platform) == [SUBSCRIBE]


async def test_a_used_up_day_takes_the_next_route_and_waits_for_midnight_where_there_is_none(
    make_channel: MakeChannel, platform: FakePlatform, sql: Sql, clock: FakeClock
) -> None:
    with_notices, without = make_channel(**NOTICES), make_channel()
    for each in (with_notices, without):
        await each.start()
    sql.wrote()
    platform.faults = [Fault(SEND, errcode=45009)]
    assert isinstance(await with_notices.send(answer()), Noticed)
    # The notice went out, and still somebody should know.
    health = await with_notices.health()
    assert (health["ok"], "次日零点恢复" in health["detail"]) == (False, True)
    platform.calls.clear()
    # The other process hears of it, and asks nothing more until midnight in Beijing.
    assert await without.send(answer()) == Retry("daily api quota used (45009)", 15 * 3600)
    assert await without.send(answer()) == Retry("daily api quota used (45009)", 15 * 3600)
    assert sends(platform) == []
    platform.faults = []
    await clock.sleep(15 * 3600)
    assert await without.send(answer()) == Sent(pushes=1)
    for each in (with_notices, without):
        await each.close()


async def test_too_many_in_a_minute_all_wait_for_the_next(
    channel: WechatChannel, platform: FakePlatform, sql: Sql, clock: FakeClock
) -> None:
    sql.wrote()
    platform.faults = [Fault(SEND, errcode=45011, times=1)]
    assert await channel.send(answer()) == Retry("too many calls a minute (45011)", 60)
    await clock.sleep(20)
    assert await channel.send(answer(number=2)) == Retry("too many calls a minute (45011)", 40)
    assert sends(platform) == [SEND]
    await clock.sleep(41)
    assert await channel.send(answer()) == Sent(pushes=1)


@pytest.mark.parametrize("errcode", [45015, 45047])
async def test_what_wechat_says_of_the_quota_is_believed_until_they_come_again(
    channel: WechatChannel, platform: FakePlatform, sql: Sql, clock: FakeClock, errcode: int
) -> None:
    sql.wrote()
    await clock.sleep(5)
    platform.faults = [Fault(SEND, errcode=errcode, times=1)]
    assert isinstance(await channel.send(answer()), Noticed)
    assert isinstance(await channel.send(answer(number=2)), Noticed)
    assert sends(platform) == [SEND, TEMPLATE, TEMPLATE]
    await clock.sleep(5)
    sql.wrote()
    assert await channel.send(answer(number=3)) == Sent(pushes=1)


async def test_two_processes_keep_one_account(
    make_channel: MakeChannel, platform: FakePlatform, sql: Sql
) -> None:
    pair = [make_channel(**NOTICES), make_channel(**NOTICES)]
    for channel in pair:
        await channel.start()
    sql.wrote()
    for number in range(6):
        sql.record(await pair[number % 2].send(answer(number=number)))
    assert sends(platform) == [SEND] * 5 + [TEMPLATE]
    for channel in pair:
        await channel.close()


def test_notices_need_a_page_to_lead_to_and_a_verified_account(
    make_channel: MakeChannel, deps: ChannelDependencies
) -> None:
    for url in ("", "http://127.0.0.1:8000"):
        options = {"token": "t", "app_id": "wx", "app_secret": "s", **NOTICES}
        with pytest.raises(ValueError, match="public_url"):
            create(Account("town", "wechat", options), replace(deps, public_url=url))
    with pytest.raises(ValueError, match="template_id"):
        make_channel(**NOTICES, can_push=False)
    with pytest.raises(ValueError, match="template_fields"):
        make_channel(template_id="TPL")
    with pytest.raises(ValueError, match="template_id"):
        make_channel(template_fields={"thing1": "title"})


async def test_whatever_happens_nothing_is_asked_that_wechat_refuses(
    channel: WechatChannel, platform: FakePlatform, sql: Sql, clock: FakeClock
) -> None:
    chance = random.Random(5)
    asked = 0
    for number in range(400):
        what = chance.choice(["wrote", "clicked", "wait", "send", "send", "send", "long"])
        if what == "wait":
            await clock.sleep(chance.choice([1, 20, 61, 3600, 49 * 3600]))
        elif what in ("send", "long"):
            sent = await channel.send(answer("好" if what == "send" else LONG * 100, number))
            assert isinstance(sent, Sent | Noticed), sent
            asked += isinstance(sent, Sent)
            sql.record(sent)
        else:
            getattr(sql, what)()
        await clock.sleep(chance.choice([0.5, 3]))
        platform.tokens._expires = clock.now() + timedelta(hours=2)
    assert asked > 50
    assert platform.refusals == []
