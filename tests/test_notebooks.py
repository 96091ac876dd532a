"""The notebook: it runs from a clean kernel, and what it shows may be shown."""

import csv
import html
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.demo_built import district

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOK = FOLDER / "district.ipynb"
SECONDS = 60
LINK = re.compile(r"""(?:src|href|action|data)\s*=\s*["']?\s*(?:https?:)?//""", re.IGNORECASE)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The notebook after a run in a kernel of its own; an error in a cell fails here."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    home = tmp_path_factory.mktemp("kernel")
    with pytest.MonkeyPatch.context() as patch:
        # The kernel keeps its history and sockets out of the user's home.
        patch.setenv("IPYTHONDIR", str(home))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(home))
        client = NotebookClient(
            notebook, timeout=SECONDS, resources={"metadata": {"path": str(FOLDER)}}
        )
        return client.execute()


def outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def shown(notebook, cell):
    """Everything that a cell shows: streams, plain texts, pages with their frames opened."""
    parts = []
    for output in next(c for c in notebook.cells if c.id == cell).outputs:
        parts += [output.get("text", ""), *output.get("data", {}).values()]
    return html.unescape("\n".join(parts))


def everything(notebook):
    return "\n".join(shown(notebook, cell.id) for cell in notebook.cells if "outputs" in cell)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.name)
def test_the_file_holds_no_output(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) > 5
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_every_heading_is_chinese_first_with_english_below():
    headings = [
        cell.source.splitlines()
        for cell in nbformat.read(NOTEBOOK, as_version=4).cells
        if cell.source.startswith("#") and cell.cell_type == "markdown"
    ]
    assert len(headings) == 8
    for title, english, *_ in headings:
        assert re.search(r"[\u4e00-\u9fff]", title), title
        assert re.fullmatch(r"\*[A-Z][\x20-\x7e]+\*", english), english


def test_it_runs_without_an_error_or_a_warning(ran):
    assert {output.output_type for output in outputs(ran)} == {"stream", "execute_result"}
    assert {o.name for o in outputs(ran) if o.output_type == "stream"} == {"stdout"}


def test_every_report_is_counted_under_one_status_and_one_department(ran):
    total = len(district("exclusive").reports)
    assert f"{total:,} 件" in shown(ran, "assign")
    status = re.findall(r"^(\w+) +(\d+)$", shown(ran, "status"), re.MULTILINE)
    assert {name for name, _ in status} >= {"inside", "ambiguous", "boundary", "outside", "invalid"}
    assert sum(int(count) for _, count in status) == total
    departments = shown(ran, "department")
    assert re.search(rf"^合计 +\d+ +\d+ +{total}$", departments, re.MULTILINE)
    assert "城市管理局" in departments
    assert "有时限 due" in departments


def test_one_report_is_explained_in_both_languages(ran):
    lines = shown(ran, "why").strip().splitlines()
    numbered = [line for line in lines if re.match(r"  \d+\. ", line)]
    half = len(numbered) // 2
    assert half >= 3
    assert all(re.search(r"[\u4e00-\u9fff]", line) for line in numbered[:half])
    assert [line[:5] for line in numbered[:half]] == [line[:5] for line in numbered[half:]]
    assert any("y the catalogue" in line for line in numbered[half:])


@pytest.mark.parametrize(
    ("cell", "title"), [("party", "党建地图"), ("services", "小区服务资源地图")]
)
def test_each_map_stands_in_the_page_as_the_public_may_see_it(ran, cell, title):
    page = shown(ran, cell)
    assert "<iframe srcdoc=" in page
    assert title in page
    assert "演示数据 · 虚构" in page
    assert "网格范围示意，不作为行政区划界线依据" in page
    assert "内部使用</strong>" not in page


def test_nothing_is_loaded_from_elsewhere_and_no_flag_is_drawn(ran):
    text = everything(ran)
    assert LINK.findall(text) == []
    assert "<script src" not in text
    assert "flag" not in text


def test_nobody_of_the_rosters_is_named(ran, tmp_path):
    district("exclusive").write_services(tmp_path)
    with (tmp_path / "rosters.csv").open(encoding="utf-8") as stream:
        posts = list(csv.DictReader(stream))
    people = {post["name"].removesuffix("（演示）") for post in posts}
    codes = {post["person"] for post in posts}
    text = everything(ran)
    assert len(people) > 50
    assert sorted(name for name in people if name in text) == []
    assert sorted(code for code in codes if re.search(rf"\b{code}\b", text)) == []
