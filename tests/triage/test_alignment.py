import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.triage.alignment import align
from backend.triage.cleaning import clean


@pytest.mark.parametrize(
    ("written", "read", "original"),
    [
        ("锦绣小区3号楼", "锦绣小区3号楼", "锦绣小区3号楼"),
        ("  請到東門菜市場 看看", "东门菜市场", "東門菜市場"),
        ("古井村６组", "古井村6组", "古井村６组"),
        ("电话①③⑨，找我", "139", "①③⑨"),
        ("下水道😡😡堵了\n\n锦绣路", "锦绣路", "锦绣路"),
        ("锦\u200b绣路坏了", "锦绣路", "锦\u200b绣路"),
        ("計程車停在東門", "出租车", "計程車"),
        ("軟體壞了，東門沒水", "东门", "東門"),
        ("／重启锦绣路", "锦绣路", "锦绣路"),
        ("㎞路边的锦绣路", "锦绣路", "锦绣路"),
    ],
)
def test_a_span_is_found_again_in_the_original(written: str, read: str, original: str) -> None:
    alignment = align(written)
    start = alignment.cleaned.text.index(read)
    begin, end = alignment.original(start, start + len(read))
    assert alignment.cleaned.original[begin:end] == original


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_is_aligned(text: str) -> None:
    alignment = align(text)
    assert alignment.cleaned == clean(text)
    assert len(alignment.spans) == len(alignment.cleaned.text)
    assert all(0 <= s < e <= len(alignment.cleaned.original) for s, e in alignment.spans)
    assert list(alignment.spans) == sorted(alignment.spans)


@settings(deadline=None)
@given(st.text(st.sampled_from("錦繡計程車軟體滑鼠東門 ３①😡\u0301é㎞ﷺ路/"), max_size=60))
def test_traditional_text_is_aligned(text: str) -> None:
    alignment = align(text)
    assert len(alignment.spans) == len(alignment.cleaned.text)
    for (start, end), char in zip(alignment.spans, alignment.cleaned.text, strict=True):
        if char in "路门":
            assert set(alignment.cleaned.original[start:end]) & set("路門门")
