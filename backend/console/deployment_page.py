"""设置: what can be changed, who changed it last, versions and what differs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from backend.console.deployment_editing import (
    DEPLOYMENT_TEXTS,
    current,
    done_words,
    require_editor,
    save,
)
from backend.console.rendering import render
from backend.deployment import versions
from backend.deployment.difference import EntryChange, Value, changes
from backend.deployment.effective import NAMES, Effective, Shipped, merged
from backend.deployment.function_names import function_names
from backend.deployment.services import LEVELS
from backend.web.dependencies import dependencies
from backend.web.errors import refuse

SECTION = f"{{section:{'|'.join(NAMES)}}}"
VERSION = "{version:[0-9]{1,9}}"
MOST_GAPS = 8
MOST_NAMED = 3


async def index(request: web.Request) -> web.StreamResponse:
    """GET: the sections."""
    require_editor(request)
    deployment, now = await current(request)
    async with dependencies(request).database.read() as connection:
        last = await versions.last_changes(connection)
    texts = request.app[DEPLOYMENT_TEXTS]
    gaps = gap_words(texts.gap["one"], now, deployment.shipped)
    context = {
        "words": texts,
        "sections": texts.sections,
        "last": last,
        "gaps": gaps[:MOST_GAPS],
        "more_gaps": len(gaps[MOST_GAPS:]),
        "county": now.county_name,
        "here": "deployment",
    }
    return render(request, "deployment.html", context)


def gap_words(sentence: str, now: Effective, shipped: Shipped) -> Sequence[str]:
    """For each function that rules name and no office has: where, and how many domains want it."""
    catalogue = now.catalogue
    names = {level: function_names(catalogue, shipped.catalogue, level) for level in LEVELS}
    wanted: dict[tuple[str, str], tuple[dict[str, None], set[str]]] = {}
    for gap in catalogue.gaps:
        parent = catalogue.organisation[gap.parent]
        function = names[parent.type].get(gap.function, gap.function)
        parents, domains = wanted.setdefault((parent.type, function), ({}, set()))
        parents[parent.name] = None
        domains.add(gap.domain)
    return [
        sentence.format(function=function, where=_listed(list(parents)), count=len(domains))
        for (_, function), (parents, domains) in wanted.items()
    ]


def _listed(names: Sequence[str]) -> str:
    """'甲镇、乙镇', or '甲镇、乙镇、丙镇等 6 个乡镇'."""
    if len(names) <= MOST_NAMED:
        return "、".join(names)
    return f"{'、'.join(names[:MOST_NAMED])}等 {len(names)} 个乡镇"


async def history(request: web.Request) -> web.StreamResponse:
    """GET: the versions of one name."""
    require_editor(request)
    name = request.match_info["section"]
    async with dependencies(request).database.read() as connection:
        found = await versions.history(connection, name)
    context = {**_about(request, name), "versions": found, "notice": done_words(request)}
    return render(request, "deployment_history.html", context)


async def version(request: web.Request) -> web.StreamResponse:
    """GET: one version: what it changed, and what putting it back would change."""
    return await _version_page(request)


async def _version_page(
    request: web.Request, errors: Mapping[str, Sequence[str]] | None = None
) -> web.Response:
    require_editor(request)
    deployment, now = await current(request)
    found, before = await _found(request)
    name, shipped = found.name, deployment.shipped
    content = merged(shipped, {name: found.content})[name]
    earlier = merged(shipped, {name: before.content} if before else {})[name]
    told = _Told(request, now, shipped)
    context = {
        **_about(request, name),
        "version": found,
        "changed": told.named(changes(name, earlier, content)),
        "back": told.named(changes(name, now.contents[name], content)),
        "errors": errors or {},
    }
    return render(request, "deployment_version.html", context, status=422 if errors else 200)


async def restore(request: web.Request) -> web.StreamResponse:
    """POST: put an old version back, as a new one."""
    require_editor(request)
    deployment, _ = await current(request)
    found, _before = await _found(request)
    content = merged(deployment.shipped, {found.name: found.content})[found.name]
    errors = await save(request, lambda _: {found.name: content})
    if errors:
        return await _version_page(request, errors)
    address = request.app.router["deployment_history"].url_for(section=found.name)
    raise web.HTTPSeeOther(address.with_query(done="restored"))


async def _found(request: web.Request) -> tuple[versions.Version, versions.Version | None]:
    name, number = request.match_info["section"], int(request.match_info["version"])
    async with dependencies(request).database.read() as connection:
        found = await versions.version(connection, name, number)
        before = await versions.version(connection, name, number - 1)
    if found is None:
        raise refuse(404, "")
    return found, before


def _about(request: web.Request, name: str) -> Mapping[str, Any]:
    words = request.app[DEPLOYMENT_TEXTS]
    return {"words": words, "name": name, "section": words.sections[name], "here": "deployment"}


class _Told:
    """Changes with names for codes."""

    def __init__(self, request: web.Request, now: Effective, shipped: Shipped) -> None:
        self._words = request.app[DEPLOYMENT_TEXTS]
        units, divisions = now.catalogue.organisation, now.catalogue.divisions
        functions = {
            level: function_names(now.catalogue, shipped.catalogue, level) for level in LEVELS
        }
        either = {**functions["township"], **functions["county"]}
        self._names: Mapping[str, Mapping[str, str]] = {
            "parent": {
                **{code: one.name for code, one in units.items()},
                **{code: one.names[0] for code, one in divisions.items()},
            },
            "division": {code: one.names[0] for code, one in divisions.items()},
            "function": either,
            **{
                f"{level}_{part}": functions[level]
                for level in LEVELS
                for part in ("lead", "assisting")
            },
            "type": self._words.unit_types,
            "level": self._words.levels,
        }

    def named(self, found: Sequence[EntryChange]) -> Sequence[Mapping[str, Any]]:
        return [
            {
                "title": one.title,
                "way": one.way,
                "fields": [
                    {
                        "label": self._words.fields.get(each.field, each.field),
                        **self._sides(each.field, each.before, each.after),
                    }
                    for each in one.fields
                ],
            }
            for one in found
        ]

    def _sides(self, field: str, before: Value, after: Value) -> Mapping[str, str]:
        """Of lists, only what came and what went."""
        if isinstance(before, list) and isinstance(after, list):
            before, after = (
                [each for each in before if each not in after],
                [each for each in after if each not in before],
            )
        return {"before": self._one(field, before), "after": self._one(field, after)}

    def _one(self, field: str, value: Value) -> str:
        if value is None:
            return ""
        if field == "active":
            return str(self._words.active[bool(value)])
        names = self._names.get(field, {})
        if isinstance(value, str | int):
            return str(names.get(str(value), value))
        return "、".join(names.get(each, each) for each in value)


ROUTES = (
    web.get("/deployment", index, name="deployment"),
    web.get(f"/deployment/history/{SECTION}", history, name="deployment_history"),
    web.get(f"/deployment/history/{SECTION}/{VERSION}", version, name="deployment_version"),
    web.post(
        f"/deployment/history/{SECTION}/{VERSION}/restore", restore, name="deployment_restore"
    ),
)
