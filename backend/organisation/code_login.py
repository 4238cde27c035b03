"""The second step of a log-in: the code of the authenticator app, or a recovery code."""

from __future__ import annotations

from datetime import datetime

from backend.database.engine import Database
from backend.organisation.audit import record_audit
from backend.organisation.challenge import challenged_user, end_challenges
from backend.organisation.lockout import Locked, count_attempt
from backend.organisation.secret_box import SecretBox
from backend.organisation.sessions import LoggedIn, WrongCredentials, open_session
from backend.organisation.tables import user
from backend.organisation.totp import accept_code


class ChallengeOver:
    """Too late, or never: begin again with the password."""


async def log_in_with_code(
    database: Database, box: SecretBox, token: str, code: str, ip: str, agent: str, now: datetime
) -> LoggedIn | WrongCredentials | Locked | ChallengeOver:
    """Open the session of a challenge. The attempt counts like one at the password, and is
    committed before the code is looked at. Raises SecretUnreadable."""
    async with database.write() as connection:
        user_id = await challenged_user(connection, token, now)
        if user_id is None:
            return ChallengeOver()
        attempt = await count_attempt(connection, user.c.id == user_id, now)
    if isinstance(attempt, Locked):
        return attempt
    if attempt is None:  # disabled meanwhile
        return ChallengeOver()
    async with database.write() as connection:
        # Again: of two answers at the same moment only one finds it.
        if await challenged_user(connection, token, now) is None:
            return ChallengeOver()
        kind = await accept_code(connection, box, user_id, code, now)
        if kind is None:
            await record_audit(connection, "code_failed", now, user_id=user_id)
            return WrongCredentials()
        await end_challenges(connection, user_id)
        if kind == "recovery":
            await record_audit(connection, "recovery_code_used", now, user_id=user_id)
        return await open_session(connection, user_id, None, ip, agent, now)
