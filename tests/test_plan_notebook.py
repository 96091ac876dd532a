"""The notebook of the redraw runs from a clean kernel at its small scale, and loads nothing."""

import html
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOK = FOLDER / "redraw.ipynb"
SECONDS = 120
LINK = re.compile(r"""(?:src|href|action|data)\s*=\s*["']?\s*(?:https?:)?//""", re.IGNORECASE)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    home = tmp_path_factory.mktemp("kernel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(home))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(home))
        patch.setenv("GRIDMAP_NOTEBOOK_SCALE", "exclusive")
        client = NotebookClient(
            notebook, timeout=SECONDS, resources={"metadata": {"path": str(FOLDER)}}
        )
        return client.execute()


def shown(notebook, cell):
    parts = []
    for output in next(c for c in notebook.cells if c.id == cell).get("outputs", []):
        parts += [output.get("text", ""), *output.get("data", {}).values()]
    return html.unescape("\n".join(parts))


def test_it_runs_without_an_error_or_a_warning(ran):
    outputs = [o for cell in ran.cells for o in cell.get("outputs", [])]
    assert {o.output_type for o in outputs} == {"stream", "execute_result"}
    # A machine that runs it first compiles, and says so in its log.
    said = [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    assert all("later starts are immediate" in text for text in said)


def test_the_story_is_told_with_figures_and_pictures(ran):
    assert re.search(r"sha256 [0-9a-f]{64}", shown(ran, "today"))
    plans = re.findall(r"^(\w+) +54 个网格", shown(ran, "suggest"), re.MULTILINE)
    assert plans == ["least_change", "default", "best_balance"]
    for cell in ("picture", "after"):
        assert shown(ran, cell).count("<rect") > 4
    assert "户：" in shown(ran, "why")
    assert len(shown(ran, "curve").splitlines()) >= 3
    page = shown(ran, "compare")
    assert "<iframe srcdoc=" in page
    assert "gridmap.addSwipe" in page
    assert "现行 → 新方案" in shown(ran, "draft")


def test_nothing_is_loaded_from_elsewhere(ran):
    text = "\n".join(shown(ran, cell.id) for cell in ran.cells)
    assert LINK.findall(text) == []
    assert "<script src" not in text
