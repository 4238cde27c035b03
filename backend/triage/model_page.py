"""The model's card as a page for people: data, date, figures, and each class of each head."""

from collections.abc import Mapping
from typing import Any

_HEADS = {"chat": "是不是诉求", "kind": "诉求类型", "domain": "服务领域", "sentiment": "情绪"}
_NAMES = {"petition": "诉求", "none": "无关"}


def page(card: Mapping[str, Any]) -> str:
    """Markdown of a card (`load_card`); what a card does not hold is left out."""
    parts = [f"# 模型说明: {card.get('name', '')}", _facts(card)]
    figures = card.get("cross_validation", {})
    for head, title in _HEADS.items():
        if head in figures:
            names = {**_NAMES, **card.get("kinds", {}), **card.get("domains", {})}
            names |= card.get("sentiments", {})
            parts += [f"## {title}", _summary(figures[head]), _classes(figures[head], names)]
    if card.get("measured"):
        parts += ["## 在真实文本上测得", _table(("项目", "数值"), card["measured"].items())]
    return "\n\n".join(parts) + "\n"


def _facts(card: Mapping[str, Any]) -> str:
    facts = [
        ("训练时间", card.get("trained_at")),
        ("训练程序版本", card.get("trainer")),
        ("例句数", card.get("examples")),
        ("特征数", card.get("terms")),
        ("数据摘要", str(card.get("data_digest", ""))[:16]),
        ("模型摘要", str(card.get("sha256", ""))[:16]),
    ]
    return "\n".join(f"- {name}: {value}" for name, value in facts if value)


def _summary(figures: Mapping[str, Any]) -> str:
    return (
        f"准确率 {_percent(figures['accuracy'])}, 宏平均 F1 {_percent(figures['macro_f1'])}, "
        f"前三命中 {_percent(figures['top_three'])}, 置信度校准误差 "
        f"{_percent(figures['calibration_error'])} (五折交叉验证, 只用自编例句)。"
    )


def _classes(figures: Mapping[str, Any], names: Mapping[str, str]) -> str:
    rows = [
        (names.get(code, code), *(_percent(each[of]) for of in ("precision", "recall", "f1")))
        for code, each in figures["classes"].items()
    ]
    table = _table(("类别", "精确率", "召回率", "F1"), rows)
    reliability = figures.get("reliability")
    if not reliability:
        return table
    bins = [
        (f"{_percent(b['from'])} 起", b["texts"], _percent(b["confidence"]), _percent(b["right"]))
        for b in reliability
    ]
    return table + "\n\n" + _table(("置信度", "条数", "平均置信度", "实际正确"), bins)


def _table(heading: tuple[str, ...], rows: Any) -> str:
    lines = [heading, ("---",) * len(heading), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
