from backend.learning.kinship import families, mark_of

LETTER = (
    "我们小区的电梯坏了一个多月了，老人上下楼非常困难，物业一直推脱说没有配件，请帮我们催一催。"
)


def test_nearly_the_same_are_one_family_whatever_the_numbers() -> None:
    again = LETTER.replace("一个多月", "一个月") + "电话13812345678"
    other = "村口的路灯不亮了，晚上走路看不见，摔了好几个老人，希望尽快来修，谢谢领导了。"
    assert families([LETTER, other, again, other + "！"]) == [0, 1, 0, 1]


def test_traditional_and_simplified_are_one_family() -> None:
    assert families(["村里的广场灯坏了请来修理", "村裡的廣場燈壞了請來修理"]) == [0, 0]


def test_short_and_empty_texts_are_compared_too() -> None:
    assert families(["", "停水", "停电", "停水。", "！"]) == [0, 1, 2, 1, 0]


def test_what_must_stay_together_does_and_draws_its_likes_along() -> None:
    texts = ["停水三天了没人来修", LETTER, "路灯坏了请来修一修", LETTER + "急"]
    assert families(texts, ["a", "b", "c", "c"]) == [0, 1, 1, 1]
    assert families(texts, ["a", "b", "a", "d"]) == [0, 1, 0, 1]


def test_the_same_matter_in_other_words_is_another_family() -> None:
    assert families([LETTER, "电梯停运，高层住户出行不便，要求物业公司限期修复并公示"]) == [0, 1]


def test_a_mark_is_of_the_text_alone() -> None:
    assert mark_of("停水") == mark_of("停水") != mark_of("停电")
    assert mark_of("\ud800") == mark_of("\ud800")
