"""What a client needs to know beside petitions: offices, catalogue, health, the document."""

from __future__ import annotations

from aiohttp import web

from backend.api.models import CatalogueAnswer, HealthAnswer, OrgItem, Orgs, ServiceItem
from backend.api.openapi import openapi_document
from backend.api.responses import r200
from backend.api.view import ApiView, answer
from backend.organisation.tree import branch, root_path
from backend.web.markers import public
from backend.web.texts import TEXTS


class OrgsView(ApiView):
    """/api/v1/orgs"""

    async def get(self) -> r200[Orgs]:
        """The offices of the caller's county, parents before children.

        Status Codes:
            200: The offices
        """
        async with self.deps.database.read() as connection:
            found = await branch(connection, root_path(self.actor.org_path))
        items = [
            OrgItem(id=one.id, code=one.code, name=one.name, type=one.type, parent_id=one.parent_id)
            for one in found
        ]
        return answer(Orgs(items=items))


class CatalogueView(ApiView):
    """/api/v1/catalogue"""

    async def get(self) -> r200[CatalogueAnswer]:
        """The service catalogue and the words for codes.

        Status Codes:
            200: The catalogue
        """
        texts = self.request.config_dict[TEXTS]
        services = [
            ServiceItem(
                code=one.code,
                name=one.name,
                level=one.level,
                deadline_working_days=one.deadline.model_dump(),
            )
            for one in self.deps.rules.catalogue.services.values()
        ]
        return answer(
            CatalogueAnswer(
                services=services,
                kinds=texts.kinds,
                states=texts.states,
                urgencies=texts.urgencies,
                sentiments=texts.sentiments,
            )
        )


class HealthView(ApiView):
    """/api/v1/health"""

    @public
    async def get(self) -> r200[HealthAnswer]:
        """Whether the app is well; 503 where it is not.

        Status Codes:
            200: It is well
        """
        facts = HealthAnswer.model_validate(await self.deps.health())
        return answer(facts, status=200 if facts.ok else 503)


@public
async def openapi(request: web.Request) -> web.Response:
    """GET /api/v1/openapi.json"""
    return web.json_response(openapi_document(request.app))
