"""Columns that hold data of persons: found by name and by content, left out on import.

Boundaries are published; the grid worker's telephone number in the same table is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

__all__ = ["looks_personal", "personal_reason"]

# Chinese words that say so wherever they stand in a column's name.
_WORDS = (
    "姓名|联系人|联系方式|联系电话|电话|手机|移动电话|身份证|证件号|住址|家庭地址|居住地址|联系地址|户籍|"
    "出生|生日|性别|年龄|民族|籍贯|微信|邮箱|户主|负责人|责任人|网格长|网格员|楼长|单元长|楼栋长|"
    "专干|党员|书记|照片|银行卡|车牌|学历|婚姻|政治面貌|宗教|病史|残疾|低保"
)
# English and pinyin need word borders: "tel" is in "hotel", "age" in "village".
_LATIN = (
    "person|persons|contact|contacts|phone|phones|telephone|tel|mobile|cellphone|fax|"
    "email|e_?mail|wechat|weixin|qq|id_?card|idcard|idno|id_?number|identity|ssn|passport|"
    "birth|birthday|birthdate|dob|gender|sex|age|ethnicity|nationality|religion|"
    "home_?address|householder|leader|manager|worker|secretary|officer|staff|photo|"
    "owner_?name|first_?name|last_?name|full_?name|surname|licen[cs]e_?plate|"
    "xingming|xm|lxr|lxdh|lxfs|dianhua|shouji|sjh|sjhm|sfz|sfzh|sfzhm|zhuzhi|wgy|wgz|fzr|zrr"
)
_BY_NAME = re.compile(_WORDS)
_BY_LATIN_NAME = re.compile(rf"(?:^|[\W_\d])(?:{_LATIN})s?(?=$|[\W_\d])")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

# Places and counts that hold one of the words above without naming a person.
_HARMLESS = re.compile(
    r"(?:数|数量|人口|比例|占比|密度|率|count|cnt|total|ratio|share|population)$"
    r"|^(?:n|num|number|count|total)_"
)

# Neither part of a longer number nor of a decimal fraction.
_MOBILE = re.compile(r"(?<![\d.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d|\.\d)")
_ID_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])"
    r"(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
)
# GB 11643-1999: weights and check characters of the 18-digit citizen number.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


def looks_personal(column: str) -> bool:
    """True when a column's name says that it holds data of persons.

    A count (``党员数``, ``population``) does not; ``hotel`` and ``village`` do not either.
    """
    if _HARMLESS.search(column.casefold()):
        return False
    latin = _CAMEL.sub("_", column).casefold()
    return bool(_BY_NAME.search(column) or _BY_LATIN_NAME.search(latin))


def personal_reason(column: str, values: Iterable[Any]) -> str | None:
    """Return why a column is taken to be personal, or None.

    Parameters
    ----------
    column : str
    values : iterable
        As read. One mobile number or citizen number, alone or within a text, is enough.
        Long area codes can look like citizen numbers; one in eleven of those has a right
        check digit by chance, so half of the look-alikes must have it.
    """
    if looks_personal(column):
        return "its name"
    alike = right = 0
    for text in map(_as_text, values):
        if len(text) < 11:
            continue
        if _MOBILE.search(text):
            return "mobile numbers in it"
        checks = [_checks(m.group()) for m in _ID_NUMBER.finditer(text)]
        alike += len(checks)
        right += sum(checks)
    return "citizen numbers in it" if right and 2 * right >= alike else None


def _as_text(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e19 else ""
    return str(value)


def _checks(number: str) -> bool:
    total = sum(w * int(d) for w, d in zip(_WEIGHTS, number[:17], strict=True))
    return _CHECK[total % 11] == number[17].upper()
