"""The officials of the demo county: those one can log in as, and the staff of the offices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.passwords import hash_password
from backend.organisation.roles import Role
from backend.organisation.sessions import Actor
from backend.organisation.tree import Org, all_orgs
from backend.organisation.users import create_user
from xiangyin.demo.stories import DemoDataError, Material


class Cast:
    """Finds who takes a step; the staff of an office is taken on when it gets its first case."""

    def __init__(
        self,
        orgs: Mapping[int, Org],
        names: Iterator[str],
        password: str,
        password_hash: str,
        since: datetime,
    ) -> None:
        self._orgs = orgs
        self._names = names
        self._password = password
        self._hash = password_hash
        self._since = since
        self._desks: dict[int, Actor] = {}
        self._handlers: dict[int, Actor] = {}
        self._supervisor: Actor | None = None
        self._by_login: dict[str, Actor] = {}

    @classmethod
    async def engage(
        cls, connection: AsyncConnection, material: Material, password: str, since: datetime
    ) -> Cast:
        """Make the officials of the material, all with `password`. Raises PasswordRefused."""
        orgs = {one.id: one for one in await all_orgs(connection)}
        by_code = {one.code: one for one in orgs.values()}
        hashed = await hash_password(password)
        cast = cls(orgs, iter(material.names), password, hashed, since)
        for official in material.officials:
            org = by_code[official.org]
            actor = await cast._engage(
                connection, official.login, official.name, org, official.role
            )
            cast._by_login[official.login] = actor
            if official.role is Role.DISPATCHER:
                cast._desks.setdefault(org.id, actor)
            elif official.role is Role.HANDLER:
                cast._handlers.setdefault(org.id, actor)
            elif official.role is Role.SUPERVISOR and org.parent_id is None:
                cast._supervisor = cast._supervisor or actor
        return cast

    @property
    def supervisor(self) -> Actor:
        """Of the county: sees what the front desks must not."""
        if self._supervisor is None:
            raise DemoDataError("officials.yml: no supervisor of the county")
        return self._supervisor

    def official(self, login: str) -> Actor:
        """One of those whose log-ins are shown."""
        if login not in self._by_login:
            raise DemoDataError(f"officials.yml: no {login}")
        return self._by_login[login]

    def desk(self, org_id: int) -> Actor:
        """The front desk of a township, or of the county."""
        if org_id not in self._desks:
            raise DemoDataError(f"officials.yml: no dispatcher at {self._orgs[org_id].code}")
        return self._desks[org_id]

    async def handler(self, connection: AsyncConnection, org_id: int) -> Actor:
        """Who works on the cases of an office."""
        if org_id not in self._handlers:
            org, name = self._orgs[org_id], next(self._names, None)
            if name is None:
                raise DemoDataError("officials.yml: fewer names than offices with cases")
            self._handlers[org_id] = await self._engage(
                connection, org.code, name, org, Role.HANDLER
            )
        return self._handlers[org_id]

    async def _engage(
        self, connection: AsyncConnection, login: str, name: str, org: Org, role: Role
    ) -> Actor:
        user_id = await create_user(
            connection,
            login=login,
            name=name,
            password=self._password,
            org_id=org.id,
            role=role,
            now=self._since,
            password_hash=self._hash,
        )
        return Actor(user_id, name, org.id, org.path, role.value)
