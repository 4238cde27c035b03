"""What stands before the pages of surveys: branch, role, version; ETag, export and upload."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from aiohttp import FormData
from openpyxl import load_workbook
from sqlalchemy import select

from backend.data_file import read_yaml
from backend.organisation.tables import audit
from backend.surveys.after_restore import pause_running
from backend.surveys.authoring import choose_divisions
from backend.surveys.list_file import LARGEST_FILE
from backend.surveys.questions import QuestionType
from backend.surveys.tables import survey, survey_division, survey_listed, survey_question
from backend.surveys.trial import try_on
from backend.web.texts import OfficialTexts
from tests.console.site import Site
from tests.petitions.world import DATA
from tests.surveys.clinic import SHANGLIU, XIALIU, answered, drafted, opened, villager

OF_A_DRAFT = ("questions", "audience", "opening")
STEPS = (
    "questions", "audience", "preview", "list", "list/remove", "open", "trial",
    "pause", "resume", "close", "closing", "copy", "delete",
)  # fmt: skip


async def posted(site: Site, login: str, path: str, **fields: str) -> tuple[int, str]:
    async with site.logged_in(login) as (client, token):
        form = {"csrf_token": token, **fields}
        async with client.post(f"/console/surveys/{path}", data=form) as response:
            return response.status, await response.text()


async def test_another_branch_sees_no_survey(any_site: Site) -> None:
    site = any_site
    author = await site.world.official("liuhe", "dispatcher")
    await villager(site.world, SHANGLIU)
    draft = await drafted(site.world, author)
    found = await opened(site.world, author, [SHANGLIU])
    paths = [f"{draft.id}/{name}" for name in OF_A_DRAFT]
    paths += [f"{found.id}{rest}" for rest in ("", "/counts", "/answers?question=4")]
    async with site.logged_in("town") as (client, token):
        for path in paths:
            async with client.get(f"/console/surveys/{path}") as response:
                assert response.status == 404, path
        async with client.get("/console/surveys") as response:
            assert "村卫生室" not in await response.text()
        for id_ in (draft.id, found.id):
            for step in (*STEPS, "export"):
                form = {"csrf_token": token, "version": "1", "do": "save", "phone": "13800000001"}
                data = FormData(form)
                data.add_field("file", b"13800000001", filename="a.csv")
                path = f"/console/surveys/{id_}/{step}"
                async with client.post(path, data=data) as response:
                    assert response.status == 404, path
    async with site.logged_in("elsewhere") as (client, _token):
        for path in paths[:-1]:
            async with client.get(f"/console/surveys/{path}") as response:
                assert response.status == 200, path


async def test_readers_and_handlers_see_results_and_change_nothing(site: Site) -> None:
    author = await site.world.official("chengguan", "dispatcher")
    code = "990101101003"
    person = await villager(site.world, code)
    other = await villager(site.world, code)
    third = await villager(site.world, code)
    draft = await drafted(site.world, author)
    found = await opened(site.world, author, [code])
    await answered(site.world, found, [person, other, third])
    async with site.logged_in("reader") as (client, token):
        async with client.get(f"/console/surveys/{found.id}") as response:
            page = await response.text()
            assert response.status == 200
        assert "暂停" not in page
        # A number someone wrote is masked for those who may not see who they are.
        assert "13812345678" not in page
        assert "我电话138" in page
        async with client.get(f"/console/surveys/{draft.id}") as response:
            assert response.status == 200
        for step in STEPS:
            path = f"/console/surveys/{draft.id}/{step}"
            async with client.post(path, data={"csrf_token": token}) as response:
                assert response.status == 403, step
        async with client.get("/console/surveys/new") as response:
            assert response.status == 403
    async with site.world.database.read() as connection:
        states = await connection.scalars(select(survey.c.state).order_by(survey.c.id))
        assert list(states) == ["draft", "open"]


async def test_a_draft_changed_meanwhile_keeps_what_was_typed(site: Site) -> None:
    author = await site.world.official("liuhe", "dispatcher")
    draft = await drafted(site.world, author)
    path = f"{draft.id}/questions"
    assert (await posted(site, "elsewhere", path, version="1", title="甲", do="save"))[0] == 200
    status, page = await posted(site, "elsewhere", path, version="1", title="乙", do="save")
    assert status == 409
    assert 'value="乙"' in page
    assert 'name="version" value="2"' in page
    status, _page = await posted(site, "elsewhere", path, version="2", title="乙", do="save")
    assert status == 200
    status, page = await posted(site, "elsewhere", path, version="3", title="长" * 61, do="save")
    assert status == 422
    assert "太长了" in page
    for nonsense in ("add:poem", "remove:9", "up:x", "levels:1:nice", "sing"):
        status, _page = await posted(site, "elsewhere", path, version="3", do=nonsense)
        assert status == 400, nonsense


async def test_an_open_survey_is_written_no_more(site: Site) -> None:
    author = await site.world.official("liuhe", "dispatcher")
    await villager(site.world, SHANGLIU)
    found = await opened(site.world, author, [SHANGLIU])
    for step in ("questions", "audience", "open", "list/remove", "trial"):
        status, page = await posted(site, "elsewhere", f"{found.id}/{step}", version="9")
        assert status == 409, step
        assert "正在问" in page
    async with site.world.database.read() as connection:
        rows = await connection.execute(select(survey_question.c.id))
        assert len(rows.all()) == 4


async def test_a_draft_sent_to_nobody_is_deleted_whole(any_site: Site) -> None:
    site = any_site
    author = await site.world.official("liuhe", "dispatcher")
    draft, kept = await drafted(site.world, author), await drafted(site.world, author)
    async with site.world.database.write() as connection:
        for one in (draft, kept):
            await choose_divisions(connection, author, one.id, 1, [SHANGLIU], site.world.now)
    status, page = await posted(site, "elsewhere", f"{draft.id}/delete", version="1")
    assert (status, "有人改过" in page) == (409, True)
    status, page = await posted(site, "elsewhere", f"{draft.id}/delete", version="2")
    assert (status, "草稿已删除" in page) == (200, True)
    async with site.world.database.read() as connection:
        assert list(await connection.scalars(select(survey.c.id))) == [kept.id]
        for table in (survey_question, survey_division):
            owners = set(await connection.scalars(select(table.c.survey_id)))
            assert owners == {kept.id}, table.name
        query = select(audit.c.subject, audit.c.detail).where(audit.c.action == "survey_deleted")
        [event] = await connection.execute(query)
    assert event.subject == str(draft.id)
    assert event.detail == {"title": draft.title, "questions": 4}
    status, _page = await posted(site, "elsewhere", f"{draft.id}/delete", version="2")
    assert status == 404


async def test_what_was_sent_to_anyone_is_not_deleted(any_site: Site) -> None:
    site = any_site
    author = await site.world.official("liuhe", "dispatcher")
    await villager(site.world, SHANGLIU)
    tried = await drafted(site.world, author)
    found = await opened(site.world, author, [SHANGLIU])
    async with site.world.database.write() as connection:
        await try_on(connection, author, tried, "sms", "13800000009", site.world.now)
    status, page = await posted(site, "elsewhere", f"{tried.id}/delete", version="1")
    assert (status, "试发过" in page) == (409, True)
    assert "删除草稿" not in page
    status, _page = await posted(site, "elsewhere", f"{found.id}/delete", version="3")
    assert status == 409
    async with site.world.database.read() as connection:
        assert len((await connection.execute(select(survey.c.id))).all()) == 3


async def test_a_survey_stopped_by_a_restore_says_so_until_it_is_taken_up(any_site: Site) -> None:
    site = any_site
    author = await site.world.official("liuhe", "dispatcher")
    await villager(site.world, SHANGLIU)
    found = await opened(site.world, author, [SHANGLIU])
    now = site.world.now
    async with site.world.database.write() as connection:
        assert await pause_running(connection, now, now) == 1
    told = "那以后问过谁、谁答过，系统不记得"
    async with site.logged_in("elsewhere") as (client, _token):
        async with client.get(f"/console/surveys/{found.id}") as response:
            page = await response.text()
        assert told in page
        async with client.get("/console/surveys") as response:
            assert "恢复备份后停下" in await response.text()
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    path = f"{found.id}/resume"
    status, page = await posted(site, "elsewhere", path, version=version[1])
    assert (status, told in page) == (200, False)
    status, page = await posted(
        site, "elsewhere", f"{found.id}/pause", version=str(int(version[1]) + 1)
    )
    assert "已暂停" in page
    assert told not in page


async def test_unconfirmed_nothing_opens(site: Site) -> None:
    author = await site.world.official("liuhe", "dispatcher")
    await villager(site.world, SHANGLIU)
    draft = await drafted(site.world, author)
    fields = {"version": "1", "closes_on": "2026-12-01"}
    for more, words in (
        ({}, "我核对过了"),
        ({"confirmed": "1", "closes_on": "2026-11-01"}, "已经过了"),
        ({"confirmed": "1", "closes_on": "0000-99-99"}, "已经过了"),
        ({"confirmed": "1"}, "还没有选要问谁"),
    ):
        status, page = await posted(site, "elsewhere", f"{draft.id}/open", **{**fields, **more})
        assert status == 422, more
        assert words in page


async def test_counts_are_sent_again_only_when_they_changed(any_site: Site) -> None:
    site = any_site
    author = await site.world.official("liuhe", "dispatcher")
    people = [await villager(site.world, SHANGLIU) for _ in range(2)]
    found = await opened(site.world, author, [SHANGLIU])
    path = f"/console/surveys/{found.id}/counts"
    async with site.logged_in("elsewhere") as (client, _token):
        async with client.get(path) as response:
            mark = response.headers["ETag"]
            assert 'data-count="completed">0<' in await response.text()
        async with client.get(path, headers={"If-None-Match": mark}) as response:
            assert response.status == 304
        await answered(site.world, found, people)
        async with client.get(path, headers={"If-None-Match": mark}) as response:
            assert response.status == 200
            assert response.headers["ETag"] != mark
            assert 'data-count="completed">2<' in await response.text()


async def test_nul_reaches_no_database(any_site: Site) -> None:
    site = any_site
    author = await site.world.official("liuhe", "dispatcher")
    draft = await drafted(site.world, author)
    fields = {
        "title": "一\x00题",
        "q1-type": "single",
        "q1-text": "好\x00？",
        "q1-options": "是\x00\n否",
    }
    path = f"{draft.id}/questions"
    status, _page = await posted(site, "elsewhere", path, version="1", do="save", **fields)
    assert status == 200
    async with site.logged_in("elsewhere") as (client, _token):
        path = f"/console/surveys/{draft.id}/counts?source=a%00b"
        async with client.get(path) as response:
            assert response.status == 200


async def exported(site: Site, login: str, survey_id: int, **fields: str) -> tuple[int, Any]:
    async with site.logged_in(login) as (client, token):
        form = {"csrf_token": token, **fields}
        path = f"/console/surveys/{survey_id}/export"
        async with client.post(path, data=form) as response:
            body = await response.read()
            if response.content_type == "text/html":
                return response.status, body.decode()
            return response.status, load_workbook(io.BytesIO(body))


async def test_a_file_is_masked_and_full_only_for_a_reason(any_site: Site) -> None:
    site = any_site
    author = await site.world.official("liuhe", "dispatcher")
    people = [
        await villager(site.world, SHANGLIU, "sms", f"1390000000{n}", name="张秀兰")
        for n in range(3)
    ]
    people.append(await villager(site.world, XIALIU, name="李大爷"))
    found = await opened(site.world, author, [SHANGLIU, XIALIU])
    await answered(site.world, found, people)
    status, book = await exported(site, "elsewhere", found.id)
    assert status == 200
    rows = list(book["回答"].values)
    assert (rows[2][0], len(rows[3:])) == ("序号", 4)
    cells = [str(cell) for row in rows[3:] for cell in row if cell is not None]
    assert {"张**", "139****0001", "柳河镇上柳村", "短信", "5", "村卫生室"} <= set(cells)
    assert not any(cell.startswith("=") or "13812345678" in cell for cell in cells)
    counts = list(book["统计"].values)
    assert ("1. 您有个头疼脑热，一般先去哪儿看？", "村卫生室", 1, 25) in counts
    status, _page = await exported(site, "elsewhere", found.id, full="1", reason="打电话问问")
    assert status == 403
    status, page = await exported(site, "county", found.id, full="1", reason="")
    assert status == 422
    assert "要写明用途" in page
    status, book = await exported(
        site, "county", found.id, full="1", reason="打电话问问", source=f"division:{SHANGLIU}"
    )
    assert status == 200
    cells = [cell for row in list(book["回答"].values)[3:] for cell in row]
    assert "13900000002" in cells
    assert "张秀兰" in cells
    assert "李大爷" not in cells
    async with site.world.database.read() as connection:
        query = select(audit.c.detail).where(audit.c.action == "survey_exported")
        details = [row.detail for row in await connection.execute(query.order_by(audit.c.id))]
    assert [(one["full"], one["rows"], one["reason"]) for one in details] == [
        (False, 4, ""),
        (True, 3, "打电话问问"),
    ]


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"13800000001\n13800000001\n13800000002\n", 200, "收下了 2 个号码"),
        (b"PK broken", 422, "打不开"),
        (b"1" * (LARGEST_FILE + 1), 422, "太大了"),
        (b"1" * (LARGEST_FILE + 64 * 1024), 413, "内容太长了"),
    ],
)
async def test_a_list_is_taken_or_refused(
    site: Site, content: bytes, status: int, words: str
) -> None:
    author = await site.world.official("liuhe", "dispatcher")
    draft = await drafted(site.world, author)
    async with site.logged_in("elsewhere") as (client, token):
        data = FormData({"csrf_token": token, "version": "1"})
        data.add_field("file", content, filename="a.csv")
        headers = {"X-CSRF-Token": token}
        path = f"/console/surveys/{draft.id}/list"
        async with client.post(path, data=data, headers=headers) as response:
            assert response.status == status
            assert words in await response.text()
    async with site.world.database.read() as connection:
        rows = await connection.execute(select(survey_listed.c.phone))
        assert len(rows.all()) == (2 if status == 200 else 0)


def test_nobody_meets_a_bare_code() -> None:
    words = OfficialTexts(DATA / "texts" / "surveys.yml")
    assert set(words.types) == set(words.type_hints) == {one.value for one in QuestionType}
    assert set(words.states) == {"draft", "open", "paused", "closed"}
    assert all(len(level["words"]) == 5 for level in words.levels.values())


def test_levels_of_satisfaction_have_one_name_everywhere() -> None:
    asked = OfficialTexts(DATA / "texts" / "surveys.yml").levels["satisfaction"]["words"]
    ratings = OfficialTexts(DATA / "texts" / "console.yml").ratings
    own_page = read_yaml(DATA / "texts" / "citizen_pages.yml")["rating"]["levels"]
    labels = read_yaml(DATA.parent / "actions" / "words.yml")["labels"]
    assert asked == [ratings[level] for level in range(1, 6)]
    assert asked == [own_page[level] for level in range(1, 6)]
    assert asked == [labels[f"level_{level}"] for level in range(1, 6)]
