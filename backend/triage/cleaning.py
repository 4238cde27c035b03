"""What a citizen wrote, made fit for reading by rules and models; the original stays as it was."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

import opencc

LONGEST = 2_000
"""Characters of cleaned text; the bot's contract allows no more (turn_request.schema.json)."""

# Cleaning may shorten a text, so more than LONGEST is looked at, but never a whole novel.
LOOKED_AT = 4 * LONGEST

INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters but tab and line ends
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, fillers
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffd"
    "\U000e0000-\U000e0fff"
    "]"
)
EMOJI = re.compile(
    "["
    "\u2190-\u21ff\u2300-\u23ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff"  # arrows, signs, dingbats
    "\u20e3\u3030\u303d\ue000-\uf8ff"  # keycap, and the private use area old phones put emoji in
    "\U0001f000-\U0001faff\U000f0000-\U0010ffff"
    "]+"
)
SPACE = re.compile(r"\s+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_AFTER_CHINESE = re.compile(r"(?<=[\u3400-\u9fff）”》])[,!?;:()]|\((?=[\u3400-\u9fff])")
_CHINESE = str.maketrans(",!?;:()", "，！？；：（）")


@dataclass(frozen=True, slots=True)
class CleanText:
    """`text` is for reading: NFKC, Simplified, one line, no emoji, no leading slash, at most
    2,000 characters, may be empty; every entity's offsets count in it. `original` is what was
    written, changed only as `storable` must."""

    text: str
    original: str
    traditional: bool = False
    shortened: bool = False


def storable(text: str) -> str:
    """`text` as both databases can hold it: NUL and lone surrogates become U+FFFD, a surrogate
    pair that came as two halves becomes its character; nothing else changes."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if not text.isascii() and _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def clean(text: str) -> CleanText:
    """Read `text` as people meant it. Never fails, whatever the string holds.

    NFKC (full-width digits, circled numbers, ligatures), control and invisible characters out,
    emoji to a blank, Traditional to Simplified with Taiwan's words, white space to single blanks,
    leading slashes off (the bot would take them for a command).
    """
    original = storable(text)
    reading = original[:LOOKED_AT]
    if not reading.isascii():
        # Emoji go first: NFKC would turn some of them into letters.
        reading = EMOJI.sub(" ", reading)
        reading = unicodedata.normalize("NFKC", reading)
    reading = INVISIBLE.sub("", reading)
    simplified = to_simplified(reading)
    traditional = simplified is not reading
    reading = SPACE.sub(" ", simplified).strip().lstrip("/ ")
    shortened = len(reading) > LONGEST or len(original) > LOOKED_AT
    return CleanText(reading[:LONGEST].rstrip(), original, traditional, shortened)


def as_written(text: str) -> str:
    """A cleaned text for people to read: punctuation beside Chinese is Chinese again."""
    return _AFTER_CHINESE.sub(lambda found: found[0].translate(_CHINESE), text)


def to_simplified(text: str) -> str:
    """Simplified characters and mainland words; the very same object if none was Traditional.

    `tw2sp` also swaps Taiwan's words for the mainland's, which would spoil text that already is
    mainland Chinese (程序 would become 进程), so it is used only where Traditional characters are.
    """
    if text.isascii() or _converter("t2s").convert(text) == text:
        return text
    return str(_converter("tw2sp").convert(text))


@cache
def _converter(name: str) -> opencc.OpenCC:
    return opencc.OpenCC(name)
