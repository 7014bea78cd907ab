"""The tutorials run as they stand, leave nothing behind, and were committed as they ran."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def outputs(notebook: Any) -> list[Any]:
    """What is under all cells of a notebook."""
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def kinds(notebook: Any) -> list[list[str]]:
    """Of each cell, which kinds of output it has, whatever they say."""
    return [
        sorted({kind for output in cell.get("outputs", ()) for kind in output.get("data", ())})
        for cell in notebook.cells
    ]


@pytest.mark.long
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell runs without a key, shows what it showed when it was committed, and the folder is empty after."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    folder = tmp_path / "folder"
    folder.mkdir()
    committed = nbformat.read(path, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, kernel_name="python3", timeout=120, resources={"metadata": {"path": str(folder)}})
    client.execute()
    assert [] == list(folder.iterdir())
    assert kinds(committed) == kinds(notebook)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_worth_committing(path: Path) -> None:
    """At most 15 cells and 100 kB, valid, run from top to bottom, without errors and without paths of a machine."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert len(notebook.cells) <= 15
    assert path.stat().st_size < 100_000
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert list(range(1, len(code) + 1)) == [cell.execution_count for cell in code]
    assert [] == [output for output in outputs(notebook) if output.output_type == "error"]
    assert [] == re.findall(r"(?:/tmp|/home|/root|/work|/Users|C:\\\\)\S*", path.read_text())


def test_there_are_six() -> None:
    """Quickstart, prompt iteration, streams and cost, batch, housekeeping, requests."""
    assert ["01", "02", "03", "04", "05", "06"] == [path.stem[:2] for path in NOTEBOOKS]


WITHOUT = """
import sys
for name in ("genai_prices", "matplotlib", "pandas", "rich", "tqdm"):
    sys.modules[name] = None
"""


@pytest.mark.long
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_without_extras(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing but llm_memo is installed, every cell runs, and says what to install where that would show more."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), str(ROOT), os.environ.get("PYTHONPATH", ""))))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    folder = tmp_path / "folder"
    folder.mkdir()
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, kernel_name="python3", timeout=120, resources={"metadata": {"path": str(folder)}}
    ).execute()
    shown = "".join(str(output) for output in outputs(notebook))
    told = {name for name in ("pip install matplotlib", "pip install pandas", "llm_memo[cost]") if name in shown}
    assert TO_INSTALL.get(path.stem[:2], {"llm_memo[cost]"}) <= told
    assert "no price known" not in shown


TO_INSTALL = {
    "02": set[str](),
    "03": {"pip install matplotlib", "llm_memo[cost]"},
    "05": {"pip install pandas"},
}
