import pytest

from backend.petitions.masking import mask_numbers


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("打13800001234找我", "打138******34找我"),
        ("打138 0000 1234找我", "打138 **** **34找我"),
        ("身份证990101196803120017", "身份证990*************17"),
        ("卡号6222000000000000123", "卡号622**************23"),
        ("微信号laowang66", "微信号l*******6"),
        # What a petition is about stays: doors, plates, numbers of things; and names.
        ("王主任，3号楼2单元501，川Z·D0001", "王主任，3号楼2单元501，川Z·D0001"),
        ("单号20261123-0007-3，12345，2026年3月5日", "单号20261123-0007-3，12345，2026年3月5日"),
        ("路灯坏了三天", "路灯坏了三天"),
    ],
)
def test_numbers_that_tell_who_wrote_are_masked(written: str, shown: str) -> None:
    assert mask_numbers(written) == shown
