"""What the app reads of a message for the bot."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema

from tests.conversation.room import readings

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "bot" / "schema" / "turn_request.schema.json").read_text()
)
ENTITIES = jsonschema.Draft7Validator(SCHEMA["properties"]["entities"])
TODAY = date(2026, 11, 26)


async def entities(text: str) -> list[dict[str, Any]]:
    found = await readings().entities(text, TODAY)
    ENTITIES.validate(found)
    return found


async def test_every_kind_of_entity_keeps_the_contract() -> None:
    found = await entities(
        "我是张建国,锦绣小区3号楼从上周三停水,找过教育局,罚了两百块钱,电话13800138000,单号20261123-0007-3"
    )
    assert {one["entity"]: (one["value"], one["code"], one["date"]) for one in found} == {
        "person": ("张建国", None, None),
        "place": ("锦绣小区3号楼", "990101101003", None),
        "time": ("从上周三", None, "2026-11-18"),
        "office": ("教育局", "county_education", None),
        "amount": ("200元", None, None),
        "phone": ("13800138000", None, None),
        "petition_number": ("20261123-0007-3", None, None),
    }


async def test_places_where_the_matter_is_not_stay_out() -> None:
    found = await entities("我在浙江打工,不是锦绣小区,是柳河中学门口的路坏了")
    assert [one["value"] for one in found if one["entity"] == "place"] == ["柳河中学"]


async def test_a_petition_lies_where_the_county_knows_the_place() -> None:
    text = "我人在浙江,阳光丽景小区没房子,老家柳河镇上柳村的老屋塌了"
    read = await readings().petition(text, None, emergency=False)
    assert (read.place, read.place_code) == ("柳河镇上柳村", "990101102202")
