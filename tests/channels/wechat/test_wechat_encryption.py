from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import PrpCrypto
from wechatpy.utils import to_text

from channels.wechat.encryption import DecryptError, EncodingKey, MessageCipher

Golden = Callable[..., list[dict[str, Any]]]
APP_ID = "wx0123456789abcdef"


def key(seed: int) -> EncodingKey:
    """A key as WeChat's console makes them."""
    raw = random.Random(seed).randbytes(32)
    return EncodingKey(base64.b64encode(raw).decode().rstrip("="))


def of(vector: dict[str, Any]) -> tuple[MessageCipher, EncodingKey]:
    only = EncodingKey(vector["encoding_aes_key"])
    return MessageCipher(vector["appid"], [only]), only


def test_the_golden_vectors_decrypt(golden: Golden) -> None:
    for vector in golden("decrypt", "echostr"):
        expected = vector["expect"]["msg"] if "expect" in vector else vector["plaintext"]
        cipher, _ = of(vector)
        assert cipher.decrypt(vector["encrypt"]).message.decode() == expected, vector["id"]


def test_the_golden_vectors_encrypt(golden: Golden) -> None:
    for vector in golden("encrypt"):
        cipher, only = of(vector)
        message = vector["plaintext"].encode()
        encrypted = cipher.encrypt(message, only, prefix=vector["random16"].encode())
        assert encrypted == vector["encrypt"], vector["id"]
        assert cipher.decrypt(encrypted).message == message, vector["id"]


def test_the_golden_negatives_are_refused(golden: Golden) -> None:
    refused = 0
    for vector in golden("negative"):
        if vector["expect"] == "reject: signature":
            continue
        cipher, _ = of(vector)
        with pytest.raises(DecryptError):
            cipher.decrypt(vector["encrypt"])
        refused += 1
    assert refused >= 4


def test_the_golden_mini_program_vector_decrypts(golden: Golden) -> None:
    """There is no mini-program here and so no code for its data (a session key of 16 bytes, an IV
    of its own): what is held to the vector is the AES-CBC that the message cipher is made of."""
    for vector in golden("wxa"):
        key, iv, sealed = (
            base64.b64decode(vector[name]) for name in ("session_key", "iv", "encrypted_data")
        )
        decryptor = Cipher(AES(key), CBC(iv)).decryptor()
        plain = decryptor.update(sealed) + decryptor.finalize()
        assert json.loads(plain[: -plain[-1]]) == vector["expect_json"], vector["id"]


@given(st.binary(max_size=3000), st.integers(0, 5))
def test_what_was_encrypted_is_decrypted(message: bytes, seed: int) -> None:
    cipher = MessageCipher(APP_ID, [key(seed)])
    opened = cipher.decrypt(cipher.encrypt(message, key(seed)))
    assert (opened.message, opened.key) == (message, key(seed))


@given(st.text("路灯坏了 <xml>&", max_size=300), st.integers(0, 5))
def test_agrees_with_wechatpy(message: str, seed: int) -> None:
    ours = MessageCipher(APP_ID, [key(seed)])
    theirs = PrpCrypto(base64.b64decode(key(seed).text + "="))
    assert ours.decrypt(to_text(theirs.encrypt(message, APP_ID))).message.decode() == message
    sealed = ours.encrypt(message.encode(), key(seed))
    assert to_text(theirs.decrypt(sealed, APP_ID)) == message


def test_the_previous_key_still_opens_and_is_named() -> None:
    cipher = MessageCipher(APP_ID, [key(2), key(1)])
    assert cipher.decrypt(MessageCipher(APP_ID, [key(1)]).encrypt(b"x", key(1))).key == key(1)
    assert cipher.decrypt(cipher.encrypt(b"x", key(2))).key == key(2)
    with pytest.raises(DecryptError, match="no key"):
        cipher.decrypt(MessageCipher(APP_ID, [key(3)]).encrypt(b"x", key(3)))


@given(st.text(max_size=200))
def test_anything_is_refused_with_one_error(text: str) -> None:
    with pytest.raises(DecryptError):
        MessageCipher(APP_ID, [key(1)]).decrypt(text)


@given(st.binary(min_size=16, max_size=160))
def test_any_blocks_are_refused_with_one_error(blocks: bytes) -> None:
    whole = base64.b64encode(blocks[: len(blocks) // 16 * 16]).decode()
    with pytest.raises(DecryptError):
        MessageCipher(APP_ID, [key(1)]).decrypt(whole)


def test_a_changed_byte_never_opens_as_something_else() -> None:
    cipher = MessageCipher(APP_ID, [key(1)])
    sealed = bytearray(base64.b64decode(cipher.encrypt(b"<xml>1</xml>", key(1))))
    for position in range(16, len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        try:
            message = cipher.decrypt(base64.b64encode(changed).decode()).message
        except DecryptError:
            continue
        # CBC alone cannot tell a changed message from a true one: msg_signature can.
        assert message != b"<xml>1</xml>"


@pytest.mark.parametrize("text", ["", "a" * 42, "a" * 44, "=" * 43, "密" * 43])
def test_a_key_is_43_characters(text: str) -> None:
    with pytest.raises(ValueError, match="43"):
        EncodingKey(text)


def test_a_key_is_not_shown() -> None:
    assert key(1).text not in repr(key(1))
    assert key(1).text not in repr(MessageCipher(APP_ID, [key(1)]))
