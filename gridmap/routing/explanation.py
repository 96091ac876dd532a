"""The ordered explanation of a decision: rule ids with parameters, rendered per language.

A step is stored as data (``{"rule": "estate_managed", "params": {...}}``), so that a decision
of last month reads the same after a text was reworded, and in either language. Names travel
in the parameters as ``name`` and ``name_en``; the renderer takes the one that fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gridmap.i18n import translate

__all__ = ["Step", "render", "render_step"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an explanation.

    Attributes
    ----------
    rule : str
        Id of the rule; its text is ``rule.<id>`` in the catalogues.
    params : mapping of str to str
        What the text names; ``x_en`` beside ``x`` is the English form.
    """

    rule: str
    params: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the step as it is stored."""
        return {"rule": self.rule, "params": dict(self.params)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Step:
        """Return the step that was stored."""
        return cls(stored["rule"], dict(stored["params"]))


def render_step(step: Step, lang: str) -> str:
    """Return one step as a sentence in a language."""
    values = dict(step.params)
    if lang == "en":
        values |= {
            key.removesuffix("_en"): value
            for key, value in step.params.items()
            if key.endswith("_en") and value
        }
    return translate(f"rule.{step.rule}", lang, **values)


def render(steps: Iterable[Step], lang: str) -> list[str]:
    """Return the explanation as sentences, in order."""
    return [render_step(step, lang) for step in steps]
