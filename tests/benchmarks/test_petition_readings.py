"""What the benchmark of reading compares with must be the catalogue's and the definitions' own."""

from pathlib import Path

from backend.catalogue import load_catalogue
from backend.data_file import read_yaml
from backend.triage.examples import NONE, load_training_data
from benchmarks.petition_readings import JUDGED_KINDS, SUBJECTS

DATA = Path(__file__).parents[2] / "data"


def test_subjects_are_made_of_the_catalogues_domains() -> None:
    services = load_catalogue(DATA / "catalogue").services
    domains = [domain for within in SUBJECTS.values() for domain in within]
    assert set(domains) <= set(services)
    assert len(domains) == len(set(domains)), "a domain lies within two subjects"


def test_enough_petitions_are_judged_each_once_and_by_a_kind_we_know() -> None:
    first, *later = map(read_yaml, JUDGED_KINDS)
    lots_later = [by_kind for each in later for name, by_kind in each.items() if name != "also"]
    kinds = set(load_training_data(DATA).kind_names) - {NONE}
    lots = [first["petitions"], first["hot_issues"], *lots_later]
    assert all(set(by_kind) <= kinds for by_kind in lots)
    assert sum(len(rows) for by_kind in lots for rows in by_kind.values()) >= 350
    petitions = [
        number
        for by_kind in (first["petitions"], *lots_later)
        for rows in by_kind.values()
        for number in rows
    ]
    assert len(petitions) == len(set(petitions))
    hot = [number for rows in first["hot_issues"].values() for number in rows]
    assert len(hot) == len(set(hot))
