"""【签名】: the sender's name that operators require in front of every message."""

from __future__ import annotations


def read_signature(option: object) -> str:
    """The bare name, '' for none. Raises ValueError naming the option."""
    if option is None or option == "":
        return ""
    name = str(option).strip().removeprefix("【").removesuffix("】").strip()
    if not 2 <= len(name) <= 20 or any(c in "【】\r\n" for c in name):
        raise ValueError("sms: option signature should be 2 to 20 characters, such as 清河县乡音")
    return name


def signed(text: str, signature: str) -> str:
    """`text` with 【signature】 in front, once."""
    if not signature:
        return text
    mark = f"【{signature}】"
    return text if text.startswith(mark) else mark + text
