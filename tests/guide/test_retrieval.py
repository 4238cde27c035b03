"""Questions of procedure find their entry; grievances and other talk find none."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.guide.entries import load_guide
from backend.guide.retrieval import entry_asked_for

GUIDE = load_guide(Path(__file__).resolve().parents[2] / "data" / "guide")


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("身份证丢了补办要带什么材料", "identity_card"),
        ("办新农合缴费去哪里办呀", "medical_enrolment"),
        ("高龄补贴怎么申请", "old_age_allowance"),
        ("我妈满八十了,老人补贴咋领", "old_age_allowance"),
        ("我爸残疾证到期了怎么换", "disability_card"),
        ("手机上咋个做养老认证", "pension_certification"),
        ("想开个小卖部要办哪些证", "business_licence"),
        ("盖房手续怎么办", "homestead"),
        ("领结婚证要带啥", "marriage"),
        ("去省城看病医保异地怎么备案", "medical_elsewhere"),
        ("村里能不能烧秸秆", "open_fire"),
        ("买拖拉机补贴怎么领", "machinery_subsidy"),
        ("老板欠钱怎么申请劳动仲裁", None),
        ("劳动仲裁去哪里申请", "labour_arbitration"),
        ("政务中心几点上班", "service_centre"),
        ("身份证", "identity_card"),
        ("医保啥时候交啊", "medical_enrolment"),
        ("医保几时交", "medical_enrolment"),
        ("今年新农合要交好多钱", "medical_enrolment"),
        ("医保啥时候能到账", None),
        ("我妈的高龄补贴三个月没有到账了", None),
        ("我跑了三趟了每次都说差材料,残疾证到现在没办下来", None),
        ("我举报村主任收钱办低保", None),
        ("办身份证的窗口态度太凶了", None),
        ("养老金怎么还没发", None),
        ("请问李家湾到县城的公交车年前能不能通", None),
        ("村里的路灯坏了怎么没人修", None),
        ("今天天气怎么样", None),
        ("周六上不上班", None),
        ("", None),
    ],
)
def test_which_entry_a_message_asks_for(text: str, id_: str | None) -> None:
    found = entry_asked_for(GUIDE, text)
    assert (found.id if found else None) == id_


def test_a_long_story_is_no_question_of_procedure() -> None:
    assert entry_asked_for(GUIDE, "身份证怎么办" + "我去了很多地方也没有问到" * 6) is None
