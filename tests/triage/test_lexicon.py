from backend.triage.lexicon import Lexicon


def test_the_longest_name_at_its_place_is_found() -> None:
    lexicon = Lexicon(["东门", "东门菜市场", "柳河中学", ""])
    text = "东门到东门菜市场再到柳河中学"
    assert [text[s:e] for s, e in lexicon.find(text)] == ["东门", "东门菜市场", "柳河中学"]


def test_a_name_ends_where_the_text_ends() -> None:
    assert list(Lexicon(["东门", "东门菜市场"]).find("到东门")) == [(1, 3)]
    assert list(Lexicon(["东门菜市场"]).find("到东门")) == []
    assert list(Lexicon([]).find("东门")) == []
