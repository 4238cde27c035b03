from backend.triage.model_page import page

CARD = {
    "name": "triage",
    "trained_at": "2026-11-23T09:00:00+00:00",
    "examples": 12,
    "kinds": {"complaint": "投诉"},
    "cross_validation": {
        "kind": {
            "accuracy": 0.8,
            "macro_f1": 0.75,
            "top_three": 0.98,
            "calibration_error": 0.02,
            "reliability": [{"from": 0.9, "texts": 10, "confidence": 0.95, "right": 0.9}],
            "classes": {"complaint": {"precision": 0.9, "recall": 0.85, "f1": 0.874}},
        }
    },
    "measured": {"kind of judged petitions, %": 72.1},
}


def test_a_page_tells_date_figures_and_each_class() -> None:
    text = page(CARD)
    assert "2026-11-23" in text
    assert "## 诉求类型" in text
    assert "| 投诉 | 90.0% | 85.0% | 87.4% |" in text
    assert "| 90.0% 起 | 10 | 95.0% | 90.0% |" in text
    assert "| kind of judged petitions, % | 72.1 |" in text
    assert "服务领域" not in text


def test_a_bare_card_has_a_page_too() -> None:
    assert page({"name": "subjects"}).startswith("# 模型说明: subjects\n")
