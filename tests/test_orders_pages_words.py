"""What happened to an order is told in the language of the page, lists of bodies as well."""

from __future__ import annotations

import pytest

from api.pages.order_words import event_words

NAMES = {"SZ": "市政管理处", "YL": "园林绿化局", "HW": "环卫中心"}
EVENT = {
    "seq": 3,
    "at": None,
    "by": "zhang",
    "roles": [],
    "action": "order.dispatch",
    "from_state": "confirmed",
    "to_state": "confirmed",
    "fields": {"lead": "SZ", "co_departments": ["YL", "HW"]},
}


@pytest.mark.parametrize(
    ("lang", "names", "said"),
    [
        ("zh", NAMES, "园林绿化局、环卫中心"),
        ("en", {"SZ": "Works", "YL": "Parks", "HW": "Sanitation"}, "Parks, Sanitation"),
    ],
)
def test_bodies_are_listed_as_the_language_does(lang, names, said):
    told = event_words(EVENT, lang=lang, names=names, people={}, item_name=None)
    assert said in [text for _, text in told["facts"]]
    assert names["SZ"] in [text for _, text in told["facts"]]


def test_a_body_without_a_name_is_listed_by_its_code():
    told = event_words(EVENT, lang="en", names={}, people={}, item_name=None)
    assert "YL, HW" in [text for _, text in told["facts"]]
