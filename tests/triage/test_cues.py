from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.data_file import read_yaml
from backend.triage.cues import Cues, cues_of, dumped, loaded

SHIPPED = cues_of(read_yaml(Path(__file__).parents[2] / "data" / "triage" / "cues.yml"))
SMALL = cues_of(
    {
        "opening": "^.{0,4}领导[,:]?",
        "cues": {"asks": {"words": ["请问", "何时"]}, "lists": {"patterns": ["[一二]是"]}},
    }
)


def figures(text: str, cues: Cues = SMALL) -> list[float]:
    return [round(float(figure), 2) for figure in cues.weigh(text)]


def test_a_cue_counts_and_its_place_is_told() -> None:
    long = "路" * 200
    assert figures("请问何时修")[:6] == [1.0, 0.7, 1.0, 0.0, 0.0, 0.0]
    assert figures(f"请问{long}")[:3] == [0.5, 0.7, 0.0]
    assert figures(f"{long}请问")[:3] == [0.5, 0.0, 1.0]
    assert figures(f"{long}请问{long}")[:3] == [0.5, 0.0, 0.0]
    assert figures("一是路,二是水")[3] == 1.0


def test_an_opening_is_no_beginning() -> None:
    assert figures("领导:请问何时修") == figures("请问何时修")


def test_questions_and_length_are_told() -> None:
    assert figures("修吗?")[-3:-1] == [0.17, 0.7]
    assert figures("修了。")[-3:-1] == [0.0, 0.0]
    assert figures("修" * 100)[-1] > figures("修")[-1]


def test_cues_travel_in_bytes() -> None:
    assert loaded(dumped(SHIPPED)) == SHIPPED


@given(text=st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_is_weighed(text: str) -> None:
    weighed = SHIPPED.weigh(text)
    assert weighed.shape == (len(SHIPPED),)
    assert np.all((weighed >= 0) & (weighed <= 2))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"opening": ""}, "cues"),
        ({"opening": 3, "cues": {}}, "opening"),
        ({"opening": "(", "cues": {}}, "opening"),
        ({"opening": "", "cues": {"asks": {"word": ["x"]}}}, "asks"),
        ({"opening": "", "cues": {"asks": {"words": [7]}}}, "asks"),
        ({"opening": "", "cues": {"asks": {"patterns": ["["]}}}, "asks"),
    ],
)
def test_wrong_cues_are_refused_by_name(content: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        cues_of(content)
