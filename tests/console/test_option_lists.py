from backend.console.option_lists import option_groups, options


def test_the_chosen_one_is_selected_and_nothing_is_markup() -> None:
    pairs = [(1, "城关镇"), (11, "<b>柳河镇</b>"), ('"x', "石桥乡")]
    assert options(pairs) == (
        '<option value="1">城关镇</option>'
        '<option value="11">&lt;b&gt;柳河镇&lt;/b&gt;</option>'
        '<option value="&#34;x">石桥乡</option>'
    )
    assert '<option value="1" selected>' in options(pairs, 1)
    assert '<option value="1">' in options(pairs, "11")
    assert '<option value="&#34;x" selected>' in options(pairs, '"x')
    # Chosen is what this reader chose, and what is listed what is there now.
    assert "selected" not in options(pairs, "12") + options(pairs)
    assert options([(1, "城关街道")], 1) == '<option value="1" selected>城关街道</option>'


def test_groups() -> None:
    groups = [("城关镇", [("1", "锦绣社区")]), ('"', [("2", "红星村")])]
    assert option_groups(groups, "2") == (
        '<optgroup label="城关镇"><option value="1">锦绣社区</option></optgroup>'
        '<optgroup label="&#34;"><option value="2" selected>红星村</option></optgroup>'
    )
