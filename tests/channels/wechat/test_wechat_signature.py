from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.utils import check_signature

from channels.wechat.signature import is_signed, is_signed_over, sign

Golden = Callable[..., list[dict[str, Any]]]


def query(vector: dict[str, Any], **changed: str) -> dict[str, str]:
    names = ("signature", "timestamp", "nonce")
    return {name: vector[name] for name in names} | changed


def test_golden_vectors(golden: Golden) -> None:
    for vector in golden("url_verify", "plain_push"):
        assert is_signed(query(vector), vector["token"]), vector["id"]
        assert not is_signed(query(vector, nonce="1"), vector["token"]), vector["id"]
        assert not is_signed(query(vector), vector["token"] + "x"), vector["id"]


def test_golden_encrypted_vectors_are_signed_the_same_way(golden: Golden) -> None:
    for vector in golden("decrypt", "encrypt", "echostr"):
        parts = (vector["token"], vector["timestamp"], vector["nonce"], vector["encrypt"])
        assert sign(*parts) == vector["msg_signature"], vector["id"]


@pytest.mark.parametrize("missing", ["signature", "timestamp", "nonce"])
def test_all_three_have_to_be_there(missing: str) -> None:
    whole = {"timestamp": "1795405200", "nonce": "77"}
    whole["signature"] = sign("word", whole["timestamp"], whole["nonce"])
    assert is_signed(whole, "word")
    without = {name: value for name, value in whole.items() if name != missing}
    assert not is_signed(without, "word")
    # and a signature over what is left does not help
    rest = [value for name, value in without.items() if name != "signature"]
    if missing != "signature":
        assert not is_signed({**without, "signature": sign("word", *rest)}, "word")


@given(st.text("abcXYZ019-_", min_size=3), st.integers(1, 2**40), st.integers(1, 2**40))
def test_agrees_with_wechatpy(token: str, timestamp: int, nonce: int) -> None:
    signature = sign(token, str(timestamp), str(nonce))
    check_signature(token, signature, str(timestamp), str(nonce))
    wrong = ("0" if signature[0] != "0" else "1") + signature[1:]
    with pytest.raises(InvalidSignatureException):
        check_signature(token, wrong, str(timestamp), str(nonce))
    assert not is_signed(
        {"signature": wrong, "timestamp": str(timestamp), "nonce": str(nonce)}, token
    )


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("encrypted", ["", "sealed"])
def test_how_much_of_a_signature_fits_shows_in_no_time(
    monkeypatch: pytest.MonkeyPatch, right: bool, encrypted: str
) -> None:
    compared: list[tuple[object, object]] = []
    in_constant_time = hmac.compare_digest

    def compare_digest(given: bytes, expected: bytes) -> bool:
        compared.append((given, expected))
        return in_constant_time(given, expected)

    monkeypatch.setattr(hmac, "compare_digest", compare_digest)
    expected = sign("word", "1795405200", "77", *([encrypted] if encrypted else []))
    # Wrong in the last digit only, which a comparison that stops early would tell.
    given = expected if right else expected[:-1] + ("0" if expected[-1] != "0" else "1")
    query = {"timestamp": "1795405200", "nonce": "77"}
    if encrypted:
        found = is_signed_over({**query, "msg_signature": given}, "word", encrypted)
    else:
        found = is_signed({**query, "signature": given}, "word")
    assert found is right
    assert compared == [(given.encode(), expected.encode())]


@given(st.dictionaries(st.sampled_from(["signature", "timestamp", "nonce"]), st.text()))
def test_never_fails_on_a_hostile_query(hostile: dict[str, str]) -> None:
    assert is_signed(hostile, "word") is False
