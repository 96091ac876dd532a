"""Invented names, Chinese with English alongside. None is meant to be a real place's."""

from __future__ import annotations

from gridmap.demo.dice import Dice

__all__ = ["DISTRICT", "DISTRICT_EN", "SUBDISTRICTS", "Names", "ordinal"]

DISTRICT = "岚川区"
DISTRICT_EN = "Lanchuan District"
SUBDISTRICTS = (
    ("望禾", "Wanghe"), ("青砚", "Qingyan"), ("云槐", "Yunhuai"), ("苇湾", "Weiwan"),
    ("棠野", "Tangye"), ("霁原", "Jiyuan"), ("桐畔", "Tongpan"), ("荷汀", "Heting"),
    ("松屿", "Songyu"), ("澄里", "Chengli"), ("雁庐", "Yanlu"), ("樟陌", "Zhangmo"),
    ("璞川", "Puchuan"),
)  # fmt: skip

_FIRST = (
    "青qing 云yun 清qing 望wang 岚lan 竹zhu 松song 槐huai 棠tang 柳liu 荷he 苇wei 禾he 麦mai "
    "砚yan 墨mo 璞pu 珩heng 知zhi 朗lang 霁ji 晴qing 疏shu 溯su 澄cheng 沁qin 芷zhi 蘅heng "
    "梧wu 椿chun 樟zhang 榆yu 桐tong 栖qi 鹭lu 雁yan 鹿lu 雀que 翠cui 锦jin"
)
_SECOND = (
    "溪xi 泽ze 湾wan 渡du 汀ting 洲zhou 塘tang 浦pu 坞wu 岭ling 台tai 苑yuan 园yuan 亭ting "
    "林lin 野ye 原yuan 川chuan 泉quan 源yuan 屿yu 畔pan 庐lu 陌mo 里li 畴chou 丰feng 和he "
    "宁ning 安an 乐le 桥qiao"
)
# Real counties, districts and cities that two of the characters would happen to spell.
_REAL = frozenset(
    [
        "青浦",
        "青川",
        "青台",
        "青林",
        "云溪",
        "云安",
        "云和",
        "云林",
        "云川",
        "清丰",
        "清原",
        "清源",
        "清浦",
        "清泉",
        "清苑",
        "柳林",
        "柳洲",
        "荷塘",
        "沁源",
        "松溪",
        "松原",
        "松桥",
        "榆林",
        "榆园",
        "鹿泉",
        "鹿野",
        "鹿园",
        "竹溪",
        "竹园",
        "锦洲",
        "锦里",
        "锦园",
        "望丰",
        "望安",
        "翠园",
        "桐林",
        "梧洲",
        "岚川",
        "知园",
        "麦园",
        "墨溪",
        "松浦",
        "翠苑",
        "松安",
        "柳溪",
        "桐坞",
        "麦岭",
        "望洲",
        "柳渡",
        "苇园",
        "竹亭",
        "云台",
        "松林",
    ]
)
_THIRD = (
    ("东", "Dong"),
    ("西", "Xi"),
    ("新", "Xin"),
    ("南", "Nan"),
    ("北", "Bei"),
    ("上", "Shang"),
)
_DIGITS = "零一二三四五六七八九"


def ordinal(number: int) -> str:
    """Return 1 to 99 in Chinese numerals: 三, 十二, 四十."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return head + (_DIGITS[ones] if ones or not tens else "")


class Names:
    """Hands out two-character names, none twice, each with its spelling in Latin letters."""

    def __init__(self, dice: Dice) -> None:
        taken = {zh for zh, _ in SUBDISTRICTS} | _REAL
        pairs = [
            (a[0] + b[0], (a[1:] + b[1:]).capitalize())
            for a in _FIRST.split()
            for b in _SECOND.split()
            if a[0] + b[0] not in taken and a[1:] != b[1:]
        ]
        # Names that sound like an earlier one come last.
        heard: set[str] = set()
        first: list[tuple[str, str]] = []
        later: list[tuple[str, str]] = []
        for zh, en in dice.shuffled(pairs):
            (later if en in heard else first).append((zh, en))
            heard.add(en)
        pairs = [*first, *later]
        # Should they run out, quarters of three characters follow: 东棠溪, 西棠溪 ...
        more = [(a + zh, b + en.lower()) for a, b in _THIRD for zh, en in pairs]
        self._left = [*pairs, *more][::-1]

    def next(self) -> tuple[str, str]:
        """Return the next name."""
        return self._left.pop()
