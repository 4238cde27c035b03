"""One-time codes of an authenticator app (RFC 6238: six digits, 30 seconds) and recovery codes."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.audit import record_audit
from backend.organisation.secret_box import SecretBox
from backend.organisation.tables import login_challenge, recovery_code, totp, user
from backend.organisation.users import UserRefused, end_sessions

STEP_SECONDS = 30
STEPS_AROUND = (0, -1, 1)  # a phone's clock may be half a minute off
RECOVERY_CODES = 10
PURPOSE = "xiangyin/totp"
_ISSUER = "乡音"
_RECOVERY_LENGTH = 10  # 50 bits
# Without letters and digits that look alike.
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class TotpState:
    """Whether codes are asked for at log-in since when, and how many recovery codes are left."""

    on_since: datetime | None
    codes_left: int


@dataclass(frozen=True, slots=True)
class Setup:
    """What an app needs: the secret (Base32) and the same as an otpauth:// address."""

    secret: str
    uri: str


async def totp_state(connection: AsyncConnection, user_id: int) -> TotpState:
    """Of one user."""
    since = await connection.scalar(select(totp.c.confirmed_at).where(totp.c.user_id == user_id))
    left = await connection.scalar(
        select(func.count())
        .select_from(recovery_code)
        .where(recovery_code.c.user_id == user_id, recovery_code.c.used_at.is_(None))
    )
    return TotpState(since, left or 0)


async def begin_setup(
    connection: AsyncConnection, box: SecretBox, user_id: int, now: datetime
) -> None:
    """Make a new secret, to be shown by `setup` until `confirm` has proved that the app has it.
    Changes nothing where codes are asked for already."""
    await connection.execute(
        delete(totp).where(totp.c.user_id == user_id, totp.c.confirmed_at.is_(None))
    )
    if (await totp_state(connection, user_id)).on_since is None:
        sealed = box.seal(pyotp.random_base32().encode(), user_id)
        await connection.execute(
            totp.insert().values(user_id=user_id, sealed_secret=sealed, created_at=now)
        )


async def setup(
    connection: AsyncConnection, box: SecretBox, user_id: int, login: str
) -> Setup | None:
    """The secret that awaits its confirmation; None where none does. Raises SecretUnreadable."""
    sealed = await connection.scalar(
        select(totp.c.sealed_secret).where(totp.c.user_id == user_id, totp.c.confirmed_at.is_(None))
    )
    if sealed is None:
        return None
    secret = box.open(sealed, user_id).decode()
    return Setup(secret, pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=_ISSUER))


async def confirm(
    connection: AsyncConnection,
    box: SecretBox,
    user_id: int,
    code: str,
    now: datetime,
    *,
    keep_session_id: int,
) -> Sequence[str] | None:
    """Ask for codes from now on, if `code` is the app's: the new recovery codes, which are kept
    nowhere; None for a wrong code. The user's other sessions end. Raises SecretUnreadable."""
    if await accept_code(connection, box, user_id, code, now) is None:
        return None
    await connection.execute(update(totp).where(totp.c.user_id == user_id).values(confirmed_at=now))
    codes = await _replace_recovery_codes(connection, box, user_id)
    await end_sessions(connection, user_id, now, but=keep_session_id)
    await record_audit(connection, "totp_on", now, user_id=user_id)
    return codes


async def accept_code(
    connection: AsyncConnection, box: SecretBox, user_id: int, code: str, now: datetime
) -> str | None:
    """'totp' or 'recovery' where the code is right, and it never is again; None where it is not.
    Raises SecretUnreadable."""
    plain = "".join(code.upper().split()).replace("-", "")
    if len(plain) == _RECOVERY_LENGTH:
        return (
            "recovery" if await _use_recovery_code(connection, box, user_id, plain, now) else None
        )
    sealed = await connection.scalar(select(totp.c.sealed_secret).where(totp.c.user_id == user_id))
    if sealed is None or not plain.isascii():
        return None
    generator = pyotp.TOTP(box.open(sealed, user_id).decode())
    present = int(now.timestamp()) // STEP_SECONDS
    for step in (present + around for around in STEPS_AROUND):
        if hmac.compare_digest(generator.at(step * STEP_SECONDS), plain):
            return "totp" if await _use_step(connection, user_id, step) else None
    return None


async def renew_recovery_codes(
    connection: AsyncConnection, box: SecretBox, user_id: int, now: datetime
) -> Sequence[str]:
    """Ten new ones; the old ones are void."""
    codes = await _replace_recovery_codes(connection, box, user_id)
    await record_audit(connection, "recovery_codes_renewed", now, user_id=user_id)
    return codes


async def switch_off(connection: AsyncConnection, user_id: int, now: datetime) -> None:
    """By the user themselves; harmless where it is off."""
    if await _remove(connection, user_id):
        await record_audit(connection, "totp_off", now, user_id=user_id)


async def reset_totp(
    connection: AsyncConnection, user_id: int, now: datetime, *, by_user_id: int | None = None
) -> None:
    """For someone who lost their phone: the password alone opens until they set it up again.
    Their sessions end. Raises UserRefused('unknown_user')."""
    login = await connection.scalar(select(user.c.login).where(user.c.id == user_id))
    if login is None:
        raise UserRefused("unknown_user")
    await _remove(connection, user_id)
    await end_sessions(connection, user_id, now)
    await record_audit(connection, "totp_reset", now, user_id=by_user_id, subject=login)


async def _remove(connection: AsyncConnection, user_id: int) -> bool:
    for table in (recovery_code, login_challenge):
        await connection.execute(delete(table).where(table.c.user_id == user_id))
    removed = await connection.execute(delete(totp).where(totp.c.user_id == user_id))
    return removed.rowcount > 0


async def _use_step(connection: AsyncConnection, user_id: int, step: int) -> bool:
    """One statement: of two log-ins with one code at the same moment, one gets in."""
    used = await connection.execute(
        update(totp)
        .where(totp.c.user_id == user_id)
        .where(or_(totp.c.last_step.is_(None), totp.c.last_step < step))
        .values(last_step=step)
    )
    return used.rowcount == 1


async def _use_recovery_code(
    connection: AsyncConnection, box: SecretBox, user_id: int, code: str, now: datetime
) -> bool:
    used = await connection.execute(
        update(recovery_code)
        .where(
            recovery_code.c.user_id == user_id,
            recovery_code.c.mark == box.mark(code, user_id),
            recovery_code.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return used.rowcount == 1


async def _replace_recovery_codes(
    connection: AsyncConnection, box: SecretBox, user_id: int
) -> Sequence[str]:
    codes = [
        "".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    await connection.execute(delete(recovery_code).where(recovery_code.c.user_id == user_id))
    await connection.execute(
        recovery_code.insert(),
        [{"user_id": user_id, "mark": box.mark(code, user_id)} for code in codes],
    )
    return [f"{code[:5]}-{code[5:]}" for code in codes]
