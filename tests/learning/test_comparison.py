from collections.abc import Sequence

from backend.learning.comparison import CLASS_ROWS, Comparison, TriedRow, compare


def tried(
    truth: Sequence[str], old: Sequence[str], new: Sequence[str], *, authored: bool = False
) -> Comparison:
    said = zip(truth, old, new, strict=True)
    return compare([TriedRow({"domain": each}, authored) for each in said])


def test_figures_of_both_models_on_the_same_rows() -> None:
    found = tried(["a", "a", "b", "b"], ["a", "b", "b", "b"], ["a", "a", "a", "b"])
    answers = found.answers["domain"]
    assert answers.accuracy == (0.75, 0.75)
    assert (answers.classes["a"].rows, answers.classes["a"].old) == (2, 0.6667)
    assert (answers.classes["a"].new, answers.classes["b"].new) == (0.8, 0.6667)
    assert answers.macro_f1 == (0.7333, 0.7333)


def test_a_better_or_equal_model_has_no_faults() -> None:
    truth = ["a", "b"] * 50
    worse = ["a"] * 100
    assert tried(truth, worse, truth).not_worse
    assert tried(truth, truth, truth).not_worse
    assert not tried(truth, truth, worse).not_worse


def test_one_in_a_hundred_may_go_wrong_two_may_not() -> None:
    truth = ["a"] * 100 + ["b"] * 100
    one = ["b"] * 2 + truth[2:]
    assert tried(truth, truth, one).not_worse
    two = ["b"] * 4 + truth[4:]
    assert [fault.what for fault in tried(truth, truth, two).faults] == ["accuracy", "macro_f1"]


def test_no_class_is_sacrificed_to_the_whole() -> None:
    truth = ["a"] * 970 + ["b"] * 30
    old = ["b"] * 12 + truth[12:]  # wrong twelve times, all of them 'a'
    new = truth[:970] + ["a"] * 8 + ["b"] * 22  # wrong eight times, all of them 'b'
    found = tried(truth, old, new)
    assert found.answers["domain"].accuracy == (0.988, 0.992)
    assert found.not_worse  # F1 of b: 0.833 → 0.846
    lost = truth[:970] + ["a"] * 16 + ["b"] * 14
    [fault] = [one for one in tried(truth, old, lost).faults if one.label]
    assert (fault.what, fault.label, fault.rows) == ("f1", "b", 30)


def test_a_class_of_few_rows_decides_nothing_alone() -> None:
    few = CLASS_ROWS - 1
    truth = ["a"] * 5000 + ["b"] * few + ["c"] * 5000
    new = ["a"] * 5000 + ["b"] * (few - 4) + ["a"] * 4 + ["c"] * 5000
    labels = [fault.label for fault in tried(truth, truth, new).faults]
    assert "b" not in labels
    truth, new = [*truth, "b"], [*new, "a"]
    assert "b" in [fault.label for fault in tried(truth, truth, new).faults]


def test_on_the_authored_rows_alone_two_in_a_hundred_may_go_wrong() -> None:
    """However much better it does on what officials said."""
    truth = ["a"] * 100 + ["b"] * 100
    better = [TriedRow({"domain": (label, "c", label)}, authored=False) for label in truth]
    for wrong, faults in ((4, []), (5, ["accuracy", "macro_f1"])):
        new = ["b"] * wrong + truth[wrong:]
        said = zip(truth, truth, new, strict=True)
        found = compare([*better, *(TriedRow({"domain": each}, authored=True) for each in said)])
        assert [fault.what for fault in found.faults if fault.authored] == faults
        assert all(fault.authored for fault in found.faults)


def test_each_question_counts_the_rows_that_answer_it() -> None:
    rows = [
        TriedRow({"kind": ("none", "none", "none")}, authored=True),
        TriedRow({"kind": ("request", "none", "request"), "domain": ("a", "a", "a")}, True),
    ]
    found = compare(rows)
    assert (found.answers["kind"].rows, found.answers["domain"].rows) == (2, 1)
    assert found.answers["kind"].accuracy == (0.5, 1.0)
