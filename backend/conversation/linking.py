"""A citizen's phone number proven by a code sent there: then WeChat and SMS are one citizen.

The code is six digits, good for ten minutes and five tries; SQL keeps its keyed hash, and the text
that carried it is blanked once it was used. How often codes are sent is limited by number and by
citizen: nobody's phone is to be flooded from here.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import addresses, outbox, phone_owner
from backend.conversation.addresses import AccountRow
from backend.conversation.link_words import code_in, mobile_number, number_in
from backend.conversation.scene import Scene
from backend.conversation.tables import CODE_KEY, conversation, phone_code
from backend.conversation.tables import outbox as outbox_table
from backend.conversation.texts import Reply, Texts
from backend.organisation.secret_box import SecretBox
from backend.organisation.tables import account, org
from backend.petitions.masking import mask_phone

PURPOSE = "phone code"
GOOD_FOR = timedelta(minutes=10)
TRIES = 5
# A bare number or code that comes later than this is about something else.
LINKING_FOR = timedelta(minutes=30)
DAY = timedelta(days=1)
CODES_A_DAY_BY_CITIZEN = 5
CODES_A_DAY_TO_NUMBER = 5
BETWEEN_CODES = timedelta(seconds=60)

_CODE = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")

_c = phone_code.c


class PhoneLinking:
    """`looks`: account name → whose wording its citizens read; those of 'sms' can carry a code.
    `secret_key` is the installation's. Everything happens in the turn's transaction."""

    def __init__(
        self, texts: Texts, looks: Mapping[str, str], secret_key: Callable[[], bytes]
    ) -> None:
        self._texts = texts
        self._looks = looks
        self._sms = [name for name, look in looks.items() if look == "sms"]
        self._secret_key = secret_key

    async def ask(self, connection: AsyncConnection, scene: Scene, words: str) -> list[Reply]:
        """'绑定手机', with or without the number: ask for it, or send the code there."""
        if scene.look == "sms":
            return [Reply("link_by_phone_already")]
        sender = await self._sender(connection, scene.org_id)
        if sender is None:
            return [Reply("link_not_offered")]
        given = number_in(words)
        phone = mobile_number(given) if given else None
        if phone is None:
            await _wait_for(connection, scene, LINKING_FOR)
            return [Reply("link_bad_phone" if given else "link_ask_phone")]
        if await _asked_today(connection, scene) >= CODES_A_DAY_BY_CITIZEN:
            return [Reply("link_too_often")]
        found = await addresses.find_or_open(connection, [(sender, phone)], scene.now)
        there = found[sender.id, phone]
        if there.citizen_id == scene.citizen_id:
            return [Reply("link_already", {"phone": mask_phone(phone)})]
        if (refusal := await _refusal(connection, scene, there.id)) is not None:
            return [Reply(refusal)]
        await self._send_code(connection, scene, sender, there)
        await _wait_for(connection, scene, LINKING_FOR)
        minutes = str(GOOD_FOR // timedelta(minutes=1))
        return [Reply("link_code_sent", {"phone": mask_phone(phone), "minutes": minutes})]

    async def prove(self, connection: AsyncConnection, scene: Scene, words: str) -> list[Reply]:
        """The code: right, the two become one citizen; wrong, it is counted."""
        row = (
            await connection.execute(
                select(phone_code)
                .where(_c.citizen_id == scene.citizen_id, _c.state == "open")
                .order_by(_c.id.desc())
                .limit(1)
                .with_for_update()
            )
        ).first()
        if row is None or scene.now - row.at > GOOD_FOR:
            return [Reply("link_code_over")]
        if not hmac.compare_digest(self._mark(code_in(words) or "", scene.citizen_id), row.mark):
            return await _wrong(connection, row)
        await _set(connection, row.id, state="proven")
        await _blank(connection, row.outbox_id)
        if not await phone_owner.is_current(connection, row.phone_address_id):
            return [Reply("link_code_over")]
        number, before = await phone_owner.join(connection, scene, row.phone_address_id, self._sms)
        if before is not None:
            await self._tell_before(connection, scene, before, mask_phone(number))
        await _wait_for(connection, scene, None)
        return [Reply("linked", {"phone": mask_phone(number)})]

    async def unlink(self, connection: AsyncConnection, scene: Scene) -> list[Reply]:
        """The number and WeChat are two again; what was said so far stays where it is."""
        own = await phone_owner.addresses_of(connection, scene.citizen_id)
        phones = [row for row in own if row.name in self._sms]
        if not phones or len(phones) == len(own):
            return [Reply("unlink_none")]
        for row in phones:
            await phone_owner.set_free(connection, row, scene)
        return [Reply("unlinked", {"phone": mask_phone(phones[-1].external_id)})]

    async def _sender(self, connection: AsyncConnection, org_id: int) -> AccountRow | None:
        """The SMS account nearest above the office, else the one nearest the root."""
        path = str(await connection.scalar(select(org.c.path).where(org.c.id == org_id)))
        found = await connection.execute(
            select(account, org.c.path)
            .join(org, org.c.id == account.c.org_id)
            .where(account.c.name.in_(self._sms))
            .order_by(account.c.id)
        )
        rows = found.all()
        above = [row for row in rows if path.startswith(row.path)]
        if above:
            best = max(above, key=lambda row: len(row.path))
        elif rows:
            best = min(rows, key=lambda row: len(row.path))
        else:
            return None
        return AccountRow(best.id, best.name, best.channel, best.org_id)

    async def _send_code(
        self,
        connection: AsyncConnection,
        scene: Scene,
        sender: AccountRow,
        there: addresses.AddressRow,
    ) -> None:
        code = f"{secrets.randbelow(1_000_000):06}"
        minutes = str(GOOD_FOR // timedelta(minutes=1))
        queued = await outbox.queue(
            connection,
            dedupe_key=f"turn:{scene.turn_id}:{CODE_KEY}",
            text=self._texts.render([Reply(CODE_KEY, {"code": code, "minutes": minutes})], "sms"),
            due_at=scene.now,
            account_id=sender.id,
            address_id=there.id,
            citizen_id=there.citizen_id,
            lane="reply",
            key=CODE_KEY,
            created_at=scene.now,
        )
        await connection.execute(
            update(phone_code)
            .where(_c.citizen_id == scene.citizen_id, _c.state == "open")
            .values(state="replaced")
        )
        await connection.execute(
            phone_code.insert().values(
                at=scene.now,
                citizen_id=scene.citizen_id,
                address_id=scene.address_id,
                phone_address_id=there.id,
                mark=self._mark(code, scene.citizen_id),
                state="open",
                tries=0,
                outbox_id=queued,
            )
        )

    async def _tell_before(
        self, connection: AsyncConnection, scene: Scene, there: Row[Any], phone: str
    ) -> None:
        """Whoever had linked the number hears by the way they have left."""
        look = self._looks.get(there.name, "wechat")
        await outbox.queue(
            connection,
            dedupe_key=f"turn:{scene.turn_id}:link_moved",
            text=self._texts.render([Reply("link_moved", {"phone": phone})], look),
            due_at=scene.now,
            account_id=there.account_id,
            address_id=there.id,
            citizen_id=there.citizen_id,
            lane="notice",
            key="link_moved",
            created_at=scene.now,
        )

    def _mark(self, code: str, citizen_id: int) -> str:
        return SecretBox(self._secret_key(), PURPOSE).mark(code, citizen_id)


def code_told(key: str, text: str) -> str:
    """The code in a text that carries one, '' in any other."""
    found = _CODE.search(text) if key == CODE_KEY else None
    return found[0] if found else ""


async def _asked_today(connection: AsyncConnection, scene: Scene) -> int:
    counted = await connection.scalar(
        select(func.count())
        .select_from(phone_code)
        .where(_c.at > scene.now - DAY, _c.citizen_id == scene.citizen_id)
    )
    return int(counted or 0)


async def _refusal(connection: AsyncConnection, scene: Scene, phone_address_id: int) -> str | None:
    """Why no other code may be sent to the number now, as a text's key; None where it may."""
    sent, last = (
        await connection.execute(
            select(func.count(), func.max(_c.at)).where(
                _c.at > scene.now - DAY, _c.phone_address_id == phone_address_id
            )
        )
    ).one()
    if sent >= CODES_A_DAY_TO_NUMBER:
        return "link_too_often"
    return "link_wait" if last is not None and scene.now - last < BETWEEN_CODES else None


async def _wrong(connection: AsyncConnection, row: Row[Any]) -> list[Reply]:
    tries = row.tries + 1
    await _set(connection, row.id, tries=tries, state="open" if tries < TRIES else "wrong")
    if tries >= TRIES:
        return [Reply("link_code_over")]
    return [Reply("link_wrong_code", {"left": str(TRIES - tries)})]


async def _set(connection: AsyncConnection, code_id: int, **values: Any) -> None:
    await connection.execute(update(phone_code).where(_c.id == code_id).values(**values))


async def _blank(connection: AsyncConnection, outbox_id: int | None) -> None:
    await connection.execute(
        update(outbox_table)
        .where(outbox_table.c.id == outbox_id, outbox_table.c.state != "queued")
        .values(text="（验证码）")
    )


async def _wait_for(connection: AsyncConnection, scene: Scene, how_long: timedelta | None) -> None:
    """A bare number or code counts as one for so long; None: no longer."""
    await connection.execute(
        update(conversation)
        .where(conversation.c.citizen_id == scene.citizen_id)
        .values(linking_until=scene.now + how_long if how_long else None)
    )
