import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.triage.rules import EMERGENCIES, RulesError, load_rules

FOLDER = Path(__file__).parents[2] / "data" / "rules"
RULES = load_rules(FOLDER)

HAPPENING = [
    ("fire", "着火了快来人"),
    ("fire", "锦绣小区3号楼着火了！！"),
    ("fire", "我家厨房起火了怎么办"),
    ("fire", "隔壁仓库冒浓烟了 快来"),
    ("fire", "後山著火了，火勢很大"),
    ("fire", "楼下电动车着火了，烟往楼上冒"),
    ("fire", "村口柴堆失火了风又大"),
    ("fire", "5栋配电箱冒火花"),
    ("fire", "山上烧起来了"),
    ("gas", "闻到好大的煤气味，不敢开灯"),
    ("gas", "天然气泄漏了，在南园小区门口"),
    ("gas", "煤气罐漏气，关不上"),
    ("gas", "楼道里燃气味很重"),
    ("gas", "施工挖断了燃气管道，嗤嗤地漏气"),
    ("police", "有人拿刀砍人，在东门口市场"),
    ("police", "我老公正在打我，救救我"),
    ("police", "有小偷正在撬我家门"),
    ("police", "外面打群架，好几十个人"),
    ("police", "抢劫了！快来人"),
    ("police", "孩子被人抱走了"),
    ("police", "一个男的尾随我"),
    ("police", "快报警"),
    ("medical", "我爸晕倒了叫不醒"),
    ("medical", "有人落水了快救人"),
    ("medical", "孩子掉井里了"),
    ("medical", "我妈喝了农药"),
    ("medical", "老人倒在地上起不来了 没人扶"),
    ("medical", "老头心脏病犯了，喘不上气"),
    ("medical", "工人从架子上摔下来了"),
    ("medical", "老婆羊水破了，叫个救护车"),
    ("medical", "有人触电了"),
    ("flood", "河水淹进屋了，老人困在屋里"),
    ("flood", "发大水了 我们困在房顶"),
    ("flood", "水库要垮了"),
    ("flood", "后山滑坡了，房子压住人了"),
    ("flood", "我们被洪水围住了"),
    ("flood", "水已经淹到腰了"),
    ("flood", "下水道倒灌，水都淹到膝盖了，老人出不来"),
    ("suicide", "我不想活了"),
    ("suicide", "有时候真不想活了"),
    ("suicide", "老是想，不如死了算了"),
    ("suicide", "一个人过，我都不想活"),
    ("suicide", "活着没意思，想跳楼"),
    ("suicide", "我老婆要跳河，快来人劝劝"),
    ("suicide", "有人站在楼顶要跳"),
    ("suicide", "遗书写好了 对不起"),
    ("suicide", "他割腕了"),
    ("traffic", "出车祸了，有人受伤"),
    ("traffic", "北关大桥刚刚发生车祸"),
    ("traffic", "面包车翻到沟里了"),
    ("traffic", "撞到人了，流血"),
    ("traffic", "一辆三轮车撞了小孩跑了，车撞人了"),
]

NOT_HAPPENING = [
    "去年着火的那栋楼还没修",
    "上个月楼下失火了，物业到现在没赔",
    "昨晚着火了，今天来看看损失",
    "消防通道堵了，万一着火怎么办",
    "老旧电线容易着火，希望换一换",
    "火灾隐患举报",
    "锦绣小区3号楼下水道堵了一个月没人管，污水都漫到一楼门口了",
    "化粪池满了，粪水淹到楼道口一楼了",
    "水管爆了水漫到二楼没人来修",
    "烧烤店天天冒黑烟，呛得不行",
    "生意火了，停车更难了",
    "我都上火了，你们还不管",
    "建议小区搞一次火灾演练",
    "着火点是谁家还没查清",
    "想开通天然气，怎么办理",
    "天然气涨价太多了",
    "天然气管道什么时候通到我们村",
    "担心煤气泄漏，请来检查",
    "小偷偷了我的电动车，派出所没人管",
    "上次打架的事派出所怎么处理的",
    "老公以前打我，想咨询离婚",
    "这医院等于抢钱",
    "救命钱什么时候发",
    "求领导救救我们村",
    "打死我也不去",
    "我爸昏迷了三个月，医保能报销吗",
    "三年前工地上摔下来，工伤一直没认定",
    "我手机掉水里了",
    "作业写不完，不想活了哈哈",
    "累死了 不行了 睡了",
    "网吧里未成年人上网没人管",
    "去年发大水冲毁的桥还没修",
    "庄稼淹了，有没有补偿",
    "山体滑坡的隐患点要治理",
    "水库的坝有裂缝，担心溃坝",
    "有人跳楼的新闻看到了吗",
    "老百姓真的活不下去了，一吨肥料涨这么多",
    "这里经常出车祸，建议装红绿灯",
    "我去年出车祸，保险公司不赔",
    "车祸责任认定不公",
    "路上坑多，容易撞到人",
    "昨天梦见着火了",
    "电视剧里杀人了笑死",
    "热得要不行了",
    "钥匙掉井里了能帮忙吗",
    "猪喝了脏水，中毒了",
    "烧秸秆的烟太大",
    "你好",
    "谢谢",
    "1",
    "下水道堵了一个月没人管",
    "",
]


@pytest.mark.parametrize(("key", "text"), HAPPENING)
def test_emergencies_are_recognised(key: str, text: str) -> None:
    assert RULES.emergency(text) == key


@pytest.mark.parametrize("text", NOT_HAPPENING)
def test_what_is_past_feared_or_meant_otherwise_is_none(text: str) -> None:
    assert RULES.emergency(text) is None


def test_long_stories_are_no_emergency() -> None:
    assert RULES.emergency("着火了" + "我们反映的情况如下" * 30) is None


@pytest.mark.parametrize(
    "text",
    ["T", "t", "TD", "td ", "Ｔ", "R", "N", "n", "退订", "退訂", "退", "退订。", "【退订】",
     " 退订短信", "不要再发了!", "取消订阅", "退 订"],
)  # fmt: skip
def test_opt_out(text: str) -> None:
    assert RULES.opt_out(text)
    assert not RULES.opt_in(text)


@pytest.mark.parametrize(
    "text",
    ["退钱", "我要退货", "退订怎么操作", "TT", "T恤质量差", "不退", "", "!", "退休金没发", "NO",
     "Y", "你们能不能不要再发了", "退" * 50, "R1"],
)  # fmt: skip
def test_no_opt_out(text: str) -> None:
    assert not RULES.opt_out(text)
    assert not RULES.opt_in(text)


@pytest.mark.parametrize("text", ["订阅", "恢复", "恢复订阅", "訂閱", "恢复。"])
def test_opt_in(text: str) -> None:
    assert RULES.opt_in(text)
    assert not RULES.opt_out(text)


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("着火了快来人", "emergency"),
        ("我被困在电梯里了", "emergency"),
        ("高压线断了掉下来了", "emergency"),
        ("停水三天了，老人没水喝", "high"),
        ("墙开裂了，房子随时会塌", "high"),
        ("路中间井盖不见了", "high"),
        ("拖欠我们四个月工资", "high"),
        ("下水道堵了一个月没人管", "normal"),
        ("楼上天天半夜打麻将", "normal"),
        ("请问医保怎么交", "low"),
        ("感谢社区小王帮我办好了证", "low"),
        ("建议在村口加一盏路灯", "low"),
    ],
)
def test_urgency(text: str, urgency: str) -> None:
    assert RULES.urgency(text) == urgency


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("我们一百多户业主联名反映物业", {"group_action"}),
        ("再不给钱我们就去省里上访", {"group_action"}),
        ("村支书把低保给了自己亲戚，收红包", {"corruption"}),
        ("镇上干部吃拿卡要", {"corruption"}),
        ("他威胁要弄死我全家，我不敢出门", {"personal_danger"}),
        ("老师体罚学生，孩子被打得不敢上学", {"minors", "personal_danger"}),
        ("网吧让未成年人进去", {"minors"}),
        ("路灯坏了三天", set()),
        ("请问退休年龄是多少", set()),
    ],
)
def test_sensitivity(text: str, keys: set[str]) -> None:
    assert set(RULES.sensitive(text)) == keys


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_is_answered(text: str) -> None:
    assert RULES.emergency(text) in {None, *EMERGENCIES}
    assert RULES.urgency(text) in {"low", "normal", "high", "emergency"}
    RULES.sensitive(text)
    assert not (RULES.opt_out(text) and RULES.opt_in(text))


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("emergency.yml", "  suicide:", "  suicides:", "suicide"),
        ("emergency.yml", "longest: 140", "longest: short", "longest"),
        ("emergency.yml", "|着大火|", "|(着大火|", "rules.fire"),
        ("emergency.yml", "    never: []", "    nevr: []", "rules.suicide"),
        ("opt_out.yml", "'T', ", "3, ", "opt_out"),
        ("opt_out.yml", "[订阅, ", "[退, 订阅, ", "mean both"),
        ("urgency.yml", "low:", "lower:", "low"),
        ("sensitive.yml", "minors:", "children:", "minors"),
        ("sensitive.yml", "minors:", "minors: [", "sensitive.yml"),
    ],
)
def test_errors_name_file_and_entry(
    tmp_path: Path, file: str, old: str, new: str, named: str
) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(FOLDER, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RulesError) as caught:
        load_rules(folder)
    assert file in str(caught.value)
    assert named in str(caught.value)
