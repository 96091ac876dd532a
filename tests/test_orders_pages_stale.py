"""A form that others were faster than: what they changed, and the form with what was typed."""

from __future__ import annotations

from tests.order_forms import PageTown, action_forms

pytest_plugins = ["tests.order_fixtures"]

WHY = "非我单位职责，\n见三定方案"


def test_what_the_other_did_is_shown_and_what_was_typed_is_kept(town: PageTown) -> None:
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch")
    form = action_forms(town.see("hao", f"/orders/{number}"))["order.return"]
    town.act("wang", number, "comment", text="商户已自行清理")
    town.act("chen", number, "escalate", why="反复发生")
    typed = {"kind": "other", "why": WHY, "form": "签字单 7"}
    answer = town.send_form("hao", form, 409, **typed)
    changed = answer.text.partition('id="changed"')[2].partition("</section>")[0]
    for said in ("wang", "商户已自行清理", "chen", "升级", "反复发生"):
        assert said in changed, said
    assert "派单" not in changed
    assert town.order(number)["state"] == "dispatched"
    assert 'href="#typed-form"' in answer.text
    # The same form again, for the order as it stands now: sent once more it is taken.
    again = action_forms(answer.text)["order.return"]
    assert {name: again.fields[name] for name in typed} == typed
    assert again.fields["version"] == str(town.order(number)["version"])
    town.send_form("hao", again)
    assert town.order(number)["history"][-1]["fields"]["why"] == WHY


def test_what_was_typed_for_an_action_that_is_closed_now_can_still_be_copied(
    town: PageTown,
) -> None:
    number, _ = town.report()
    form = action_forms(town.see("zhang", f"/orders/{number}"))["order.reject"]
    town.act("chen", number, "reject", why="重复", outcome="not_an_issue")
    answer = town.send_form("zhang", form, 409, why=WHY, outcome="out_of_scope")
    assert "order.reject" not in action_forms(answer.text)
    left = answer.text.partition('id="typed"')[2].partition("</section>")[0]
    assert WHY in left
    assert "重复" in answer.text.partition('id="changed"')[2].partition("</section>")[0]


def test_ticks_choices_and_times_are_kept_through_a_refusal(town: PageTown) -> None:
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    form = action_forms(town.see("zhang", f"/orders/{number}"))["order.dispatch"]
    answer = town.send_form(
        "zhang", form, 404, **{"lead": "NO-SUCH", "co_departments.CG": "1", "why": "x"}
    )
    again = action_forms(answer.text)["order.dispatch"]
    assert again.fields["co_departments.CG"] == "1"
    assert again.fields["why"] == "x"
    town.act("zhang", number, "dispatch")
    town.act("hao", number, "accept")
    form = action_forms(town.see("hao", f"/orders/{number}"))["order.extend"]
    early = {"why": "早", "until": "2026-03-12T10:00", "engineering": "yes"}
    answer = town.send_form("hao", form, 422, **early)
    again = action_forms(answer.text)["order.extend"]
    assert {name: again.fields[name] for name in early} == early
    assert 'role="alert"' in answer.text


def test_what_cannot_be_read_is_named_and_changes_nothing(town: PageTown) -> None:
    number, _ = town.report()
    before = town.order(number)["version"]
    path = f"/orders/{number}"
    for sent, name in [
        ({"action": "order.comment", "text": "长" * 2001}, "说明"),
        ({"action": "order.comment", "text": "  "}, "说明"),
        ({"action": "order.comment", "text": "bell\x07"}, "说明"),
        ({"action": "order.merge", "into": "七"}, "并入工单号"),
        ({"action": "order.merge", "into": "0"}, "并入工单号"),
        ({"action": "order.confirm", "version": "first"}, "version"),
        ({"action": "order.reject", "why": "x", "outcome": "whatever"}, "结论"),
    ]:
        answer = town.ask("zhang", "POST", path, data=sent)
        assert answer.status_code == 422, sent["action"]
        assert f"“{name}”" in answer.text, (sent["action"], name)
    long = {"action": "order.comment", "text": "长" * 2000}
    assert town.ask("zhang", "POST", path, data=long).status_code == 303
    assert town.order(number)["version"] == before + 1
