"""Petitions of one matter handled as one, and apart again."""

from __future__ import annotations

from aiohttp import web

from backend.api.models import Change, Merge, Number, PetitionAnswer
from backend.api.petitions import OnePetition
from backend.api.responses import r200


class MergeView(OnePetition):
    """/api/v1/petitions/{number}/merge"""

    async def post(self, number: Number, /, body: Merge) -> r200[PetitionAnswer]:
        """Handle the two as one (合并); which of them leads is told in `together`.

        Status Codes:
            200: The petition as it is now
        """
        return await self.take(self.deps.desk.merge, number, body, body.other)


class UnmergeView(OnePetition):
    """/api/v1/petitions/{number}/unmerge"""

    async def post(self, number: Number, /, body: Change) -> r200[PetitionAnswer]:
        """Let what follows another be handled by itself again (分开).

        Status Codes:
            200: The petition as it is now
        """
        return await self.take(self.deps.desk.unmerge, number, body)


ROUTES = [
    web.view("/petitions/{number}/merge", MergeView),
    web.view("/petitions/{number}/unmerge", UnmergeView),
]
