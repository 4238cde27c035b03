"""How characters sound, near enough that a slip of the keyboard or of the ear is still the name."""

from functools import cache

from pypinyin import Style, pinyin

# Pairs that many speakers and input methods do not tell apart.
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
_FINALS = (("ang", "an"), ("eng", "en"), ("ing", "in"))
# What eye and five-stroke keyboard confuse.
_LOOK_ALIKES = (
    "锦绵棉 坪坯评 塝傍磅 垭哑娅 潭谭 桐铜 岭铃 坎坑砍 盘盆 渡度 滨宾 庄压 茶荼 麻床 岩岸 龙尤",
    "云去 池他地 石右 东车 关天 井开 幸辛 红江 旗棋期 杨扬场 柳抑 梨黎 炉护 铺捕 湾弯 寨塞",
    "冲仲 朱未 罗岁 脚却 沟钩构 渠桌",
)


@cache
def sounds(char: str) -> frozenset[str]:
    """Every reading of `char`, and of those it is mistaken for, as a syllable without tone, alike
    ones folded (铺 → pu; 中 → zong). What is no Chinese character sounds like itself."""
    alike = "".join(g for line in _LOOK_ALIKES for g in line.split() if char in g)
    return frozenset(
        _folded(syllable)
        for each in {char, *alike}
        for syllable in pinyin(each, style=Style.NORMAL, heteronym=True)[0]
    )


def _folded(syllable: str) -> str:
    for long, short in _INITIALS:
        if syllable.startswith(long):
            syllable = short + syllable.removeprefix(long)
            break
    for long, short in _FINALS:
        if syllable.endswith(long) and not syllable.endswith("iang"):
            return syllable.removesuffix(long) + short
    return syllable
