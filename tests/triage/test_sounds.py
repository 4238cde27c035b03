import pytest

from backend.triage.sounds import sounds


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("秀", "绣"),
        ("堡", "铺"),
        ("脚", "角"),
        ("城", "陈"),
        ("宁", "林"),
        ("绵", "锦"),
        ("中", "宗"),
    ],
)
def test_what_sounds_or_looks_alike(written: str, meant: str) -> None:
    assert sounds(written) & sounds(meant)


@pytest.mark.parametrize(("one", "other"), [("县", "乡"), ("江", "绣"), ("东", "西"), ("A", "B")])
def test_what_does_not(one: str, other: str) -> None:
    assert not sounds(one) & sounds(other)


def test_other_signs_sound_like_themselves() -> None:
    assert sounds("3") == {"3"}
    assert sounds("，") == {"，"}
