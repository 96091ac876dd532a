"""Data inside a page: JSON in an element of its own, which the browser never runs."""

from __future__ import annotations

import json
import re
from typing import Any

from branca.element import MacroElement
from folium.template import Template

__all__ = ["Island", "script_json"]

# These end or begin markup, end a line inside a script, or (a lone surrogate) cannot be
# written as UTF-8; as escapes they are plain text.
_RISKY = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def script_json(value: Any) -> str:
    """Return JSON that can stand inside a script element whatever texts it holds.

    Keys keep their order, numbers that JSON does not know (NaN) are refused.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _RISKY.sub(lambda m: f"\\u{ord(m.group()):04x}", text)


class Island(MacroElement):
    """A block of JSON and the call that draws it on the parent map."""

    _template = Template(
        """
        {% macro html(this, kwargs) %}<script type="application/json" id="{{ this.get_name() }}">
        {{- this.json -}}</script>{% endmacro %}
        {% macro script(this, kwargs) %}
            {{ this.call }}({{ this._parent.get_name() }}, gridmap.data("{{ this.get_name() }}"));
        {% endmacro %}
        """
    )

    def __init__(self, data: dict[str, Any], call: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Data"
        self.json = script_json(data)
        self.call = call
