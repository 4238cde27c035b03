"""Training when needed, a model named by what it is made of, the one before kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.training import (
    TrainingFailed,
    content_hash,
    current_model,
    newest_model,
    train,
)

FILES = {
    "bot/config.yml": """
recipe: default.v1
assistant_id: small
language: zh
pipeline:
- name: JiebaTokenizer
- name: bot.components.char_ngram_classifier.CharNgramClassifier
policies:
- name: RulePolicy
""",
    "bot/domain.yml": """
version: "3.1"
intents: [greet, thank]
responses:
  utter_greet: [{text: greet}]
  utter_thank: [{text: thank}]
""",
    "bot/rules.yml": """
version: "3.1"
rules:
- rule: greeting
  steps: [{intent: greet}, {action: utter_greet}]
- rule: thanks
  steps: [{intent: thank}, {action: utter_thank}]
""",
    "data/nlu/all.yml": """
version: "3.1"
nlu:
- intent: greet
  examples: |
    - 你好
    - 您好
- intent: thank
  examples: |
    - 谢谢
    - 多谢
""",
    "locks/bot.txt": "rasa==3.6.21\n",
    "bot/components/one.py": "",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def test_hash_follows_every_file(root: Path) -> None:
    seen = {content_hash(root)}
    for name in FILES:
        with (root / name).open("a", encoding="utf-8") as file:
            file.write("# changed\n")
        seen.add(content_hash(root))
    (root / "data/nlu/all.yml").rename(root / "data/nlu/renamed.yml")
    seen.add(content_hash(root))
    assert len(seen) == len(FILES) + 2


def test_trains_once_and_again_after_a_change(root: Path) -> None:
    models, said = root / "models", list[str]()
    assert current_model(models, root) is None
    assert newest_model(models) is None

    first = train(models=models, root=root, say=said.append)
    written = first.stat().st_ino
    assert first == current_model(models, root) == newest_model(models)
    assert "trained in" in said[-1]
    assert train(models=models, root=root, say=said.append).stat().st_ino == written
    assert "up to date" in said[-1]
    assert train(models=models, root=root, force=True, say=said.append).stat().st_ino != written

    for older in range(3):
        stale = models / f"stale{older}.tar.gz"
        stale.touch()
        os.utime(stale, (older, older))
    with (root / "data/nlu/all.yml").open("a", encoding="utf-8") as file:
        file.write("    - 感谢\n")
    assert current_model(models, root) is None
    second = train(models=models, root=root, say=said.append)
    assert {path.name for path in models.iterdir()} == {first.name, second.name}
    assert (root / "bot/config.yml").read_text(encoding="utf-8") == FILES["bot/config.yml"]


def test_files_that_make_no_model(root: Path) -> None:
    (root / "bot/domain.yml").write_text("intents: {not: [a, list]", encoding="utf-8")
    with pytest.raises(TrainingFailed):
        train(models=root / "models", root=root, say=lambda line: None)
    assert list((root / "models").iterdir()) == []
