from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.triage.since import since

TODAY = date(2026, 11, 26)  # a Thursday


@pytest.mark.parametrize(
    ("words", "when"),
    [
        ("上周三", "2026-11-18"), ("上星期五下午", "2026-11-20"), ("周五", "2026-11-20"),
        ("昨晚", "2026-11-25"), ("昨天晚上八点", "2026-11-25"), ("大前天", "2026-11-23"),
        ("三天了", "2026-11-23"), ("两周了", "2026-11-12"), ("半个月了", "2026-11-11"),
        ("一个月", "2026-10"), ("半年多", "2026-05"), ("一年多了", "2025-11"), ("三年", "2023"),
        ("今年三月份", "2026-03"), ("去年底", "2025-12"), ("去年10月", "2025-10"),
        ("从3月5号开始", "2026-03-05"), ("12月", "2025-12"), ("从8月中旬", "2026-08-11"),
        ("上个月15号", "2026-10-15"), ("2026-10-08", "2026-10-08"), ("2026年3月", "2026-03"),
        ("国庆期间", "2026-10-01"), ("年初", "2026-01"), ("去年冬天", "2025-12"),
        ("两个多小时了", "2026-11-26"), ("去年", "2025"),
        ("最近", None), ("好几天了", None), ("长期", None), ("2月30号", None),
    ],
)  # fmt: skip
def test_since_when(words: str, when: str | None) -> None:
    assert since(words, TODAY) == when


@given(st.text(st.sampled_from("上个周月年日号天去今从了半多三十12345-年初底前"), max_size=14))
def test_any_words_are_read(words: str) -> None:
    when = since(words, TODAY)
    assert when is None or when[:4].isdigit()
