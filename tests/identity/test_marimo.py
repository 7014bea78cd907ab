"""Notebooks of marimo: run as a script or by its kernel, and with another cell in it, their functions ask the same."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from llm_memo.identity.code.source import pin, source_of, tree_of
from llm_memo.identity.fingerprint import Fingerprint
from llm_memo.identity.naming import function_name

NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    from memo import ask, cached
    return ask, cached


@app.cell
def _(ask, cached):
    _head = "h "

    def _helper(q):
        return _head + q

    @cached
    def _f(q):
        import json
        return ask(_helper(json.dumps(q)))

    class _City:
        def __init__(self, name):
            self.name = name

    @cached
    def city(q):
        return _City(ask(q))

    print(_f("x"), city("y").name)
    assert type(city("y")) is _City
    return (city,)


if __name__ == "__main__":
    app.run()
"""
MEMO = """
import os
from llm_memo import cached_completion as cached
def ask(p):
    with open(os.environ["ASKED"], "a") as file: print(p, file=file)
    return p
"""
AFTERWARDS = """
import notebook
_, defined = notebook.app.run()
assert "y" == defined["city"]("y").name
"""
ANOTHER = "@app.cell\ndef _():\n    _more = 1\n    return\n\n\n@app.cell\ndef _(ask, cached):"


@pytest.mark.long
def test_a_notebook_has_one_key_as_a_script_in_its_kernel_and_with_another_cell(tmp_path: Path) -> None:
    """Only an edit of what a cell reads is paid."""
    pytest.importorskip("marimo")
    (tmp_path / "memo.py").write_text(MEMO)
    notebook, asked = tmp_path / "notebook.py", tmp_path / "asked"
    root = str(Path(__file__).parent.parent.parent)
    places = {"ASKED": str(asked), "LLM_MEMO_DIR": str(tmp_path / "cache"), "XDG_CONFIG_HOME": str(tmp_path)}
    environment = os.environ | places | {"PYTHONPATH": f"{root}{os.pathsep}{tmp_path}"}
    script = [sys.executable, str(notebook)]
    kernel = [sys.executable, "-m", "marimo", "export", "html", str(notebook), "-o", str(tmp_path / "page.html"), "-f"]
    with_another = NOTEBOOK.replace("@app.cell\ndef _(ask, cached):", ANOTHER)

    def calls(text: str, command: list[str]) -> int:
        notebook.write_text(text)
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=100)
        return len(asked.read_text().splitlines())

    assert 2 == calls(NOTEBOOK, script)
    assert 2 == calls(NOTEBOOK, kernel)
    assert 2 == calls(with_another, script)
    assert 2 == calls(with_another, kernel)
    assert 2 == calls(with_another, [sys.executable, "-W", "error", "-c", AFTERWARDS])
    assert 3 == calls(NOTEBOOK.replace('"h "', '"g "'), script)


def cell(name: str, tmp_path: Path, text: str) -> types.FunctionType:
    """The function ``_f`` of a cell as marimo runs it: compiled alone, with the id of the cell in its own names."""
    file = tmp_path / f"{name}.py"
    file.write_text(text)
    lines = text.split("def _(ask, cached):\n")[-1].split("    return (city,)\n")[0]
    above = text[: text.index(lines)].count("\n")
    body = "\n" * above + "\n".join(line.removeprefix("    ") for line in lines.splitlines())
    for own in ("_head", "_helper", "_f"):
        body = body.replace(own, f"_cell_{name}{own}")
    names: dict[str, object] = {"ask": str, "cached": lambda function: function, "__name__": "__main__"}
    exec(compile(body, str(file), "exec"), names)
    function = names[f"_cell_{name}_f"]
    assert isinstance(function, types.FunctionType)
    pin(function)
    return function


def test_the_own_names_of_a_cell_are_as_the_user_wrote_them(tmp_path: Path) -> None:
    """The id of a cell is neither in the fingerprint nor in the names of parts; an edit of the cell's value is."""
    one, other = cell("Hbol", tmp_path, NOTEBOOK), cell("vblA", tmp_path, NOTEBOOK)
    edited = cell("MJUe", tmp_path, NOTEBOOK.replace('"h "', '"g "'))
    assert tree_of(one) is not None
    assert "def _f(q):" in str(source_of(other))
    assert Fingerprint(one).current().digest == Fingerprint(other).current().digest
    assert Fingerprint(one).current().digest != Fingerprint(edited).current().digest
    assert "helper _helper: global _head" in {part.text for part in Fingerprint(one).current().parts}
    assert function_name(one).endswith("._f")


def test_a_class_and_a_coroutine_of_a_cell(tmp_path: Path) -> None:
    """They are named as the user wrote them as well."""
    text = NOTEBOOK.replace(
        "    @cached\n    def _f(q):\n        import json\n        return ask(_helper(json.dumps(q)))\n",
        "    async def _helper_2(q):\n        return q\n\n"
        "    class _helper_3:\n        tone = 1\n\n"
        "    def _f(q):\n        return _helper_2(q), _helper_3().tone\n",
    ).replace('print(_f("x"), city("y").name)', "pass")
    one, other = cell("Hbol", tmp_path, text), cell("vblA", tmp_path, text)
    assert tree_of(one) is not None
    assert Fingerprint(one).current().digest == Fingerprint(other).current().digest
