from backend.learning.kinship import families
from backend.learning.lessons import CORRECTION, HISTORY, Lesson, Lessons
from backend.learning.material import counted, material, without_trials
from tests.learning.schoolbook import WORDS, schoolbook


def lessons(count: int) -> Lessons:
    return Lessons(
        [
            Lesson(f"{word}第{number}回出毛病，已经催过", "complaint", domain, CORRECTION, f"{n}")
            for n, (number, word, domain) in enumerate(
                (number, word, domain)
                for number in ("一", "二", "三", "四", "五")
                for domain, words in WORDS.items()
                for word in words
            )
        ][:count],
        last_correction=count,
    )


def test_no_family_is_on_both_sides_and_nothing_is_lost() -> None:
    found = material(schoolbook(), lessons(150), {"utilities": "水"})
    tried = [trial.example for trial in found.trials]
    assert sorted([*tried, *found.taught.examples], key=repr) == sorted(
        found.whole.examples, key=repr
    )
    texts = [example.text for example in found.whole.examples]
    heads = families(texts)
    held = {example.text for example in tried}
    sides: dict[int, set[bool]] = {}
    for text, head in zip(texts, heads, strict=True):
        sides.setdefault(head, set()).add(text in held)
    assert all(len(side) == 1 for side in sides.values())
    assert 0.1 < len(tried) / len(texts) < 0.3


def test_what_was_held_back_stays_held_back_as_more_is_taught() -> None:
    few, many = (material(schoolbook(), lessons(count), {}) for count in (30, 150))
    taught_before = {example.text for example in few.taught.examples}
    assert not taught_before & {trial.example.text for trial in many.trials}
    alone = {example.text for example in without_trials(schoolbook()).examples}
    assert not alone & {trial.example.text for trial in many.trials}


def test_trials_are_counted_by_source() -> None:
    told = Lesson("水管爆了找人来修", "request", "utilities", HISTORY, "h")
    found = material(schoolbook(), Lessons([*lessons(150).taught, told]), {})
    counts = counted(found.trials)
    assert sum(counts.values()) == len(found.trials)
    assert counts["authored"] > 10
    assert counts["correction"] > 10


def test_the_digest_changes_with_lessons_and_with_authored_data() -> None:
    digests = {
        material(schoolbook(), lessons(30), {}).whole.digest,
        material(schoolbook(), lessons(31), {}).whole.digest,
        material(schoolbook(digest="authored-2"), lessons(30), {}).whole.digest,
    }
    assert len(digests) == 3
