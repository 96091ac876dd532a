"""The demo's reports are given to the owner that the truth names, in both stores."""

from __future__ import annotations

import pytest

pytest_plugins = ["tests.demo_stores"]
pytestmark = pytest.mark.xdist_group("demo-exclusive")

# Sources that state the very place when they give no accuracy.
_EXACT = ("hotline_12345", "mailbox")


def test_a_report_with_an_exact_place_goes_to_its_true_owner(exclusive):
    table, truth = exclusive.assigned, exclusive.truth.fillna({"layer": "", "owner": ""})
    exact = (
        (truth["error"] == "")
        & (truth["layer"] != "")
        & (table["accuracy_m"] == "")
        & table["source"].isin(_EXACT)
    )
    expected, found = truth["owner"][exact], table["department"][exact]
    assert exact.sum() > 250
    assert set(truth["layer"][exact]) == {"construction_site", "asset", "estate"} | (
        set(truth["layer"][exact]) & {"park", "river"}
    )
    # "SQ" in the register is the committee of the place.
    found = found.where(expected != "SQ", found.str[:2])
    wrong = expected != found
    assert not wrong.any(), truth[exact][wrong].assign(found=found[wrong]).head().to_string()


def test_the_summary_says_by_which_kinds_of_responsibility_the_leads_were_found(exclusive):
    line = next(line for line in exclusive.said.splitlines() if "decided by" in line)
    for kind in (
        "construction_site", "asset", "estate_managed", "estate_open", "street_front", "road",
        "exclusive_site", "department", "territory", "a person",
    ):  # fmt: skip
        assert f"{kind} " in line, kind


def test_every_report_is_counted_once_in_that_line(exclusive):
    line = next(line for line in exclusive.said.splitlines() if "decided by" in line)
    numbers = [part.split()[-1] for part in line.split("decided by")[1].split("·")]
    assert sum(int(n.replace(",", "")) for n in numbers) == len(exclusive.truth)
