"""What is judged by hand is sound: enough pairs, none twice, five issues that share no row."""

from backend.data_file import read_yaml
from benchmarks.same_matters import GOLD

ENOUGH = 150


def test_every_pair_is_judged_once_and_the_halves_are_alike() -> None:
    judged = read_yaml(GOLD / "hot_pairs.yml")
    pairs = [
        frozenset(pair) for kinds in judged.values() for each in kinds.values() for pair in each
    ]
    assert len(pairs) == len(set(pairs)) >= ENOUGH
    assert all(len(pair) == 2 for pair in pairs)
    sizes = [len(each) for kinds in judged.values() for each in kinds.values()]
    assert min(sizes) >= ENOUGH / 5


def test_the_five_hottest_issues_share_no_row() -> None:
    issues = read_yaml(GOLD / "hot_issues.yml")
    rows = [row for one in issues for row in one["rows"]]
    assert len(issues) == 5
    assert len(rows) == len(set(rows))
