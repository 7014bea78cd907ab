"""`ls`, `show`, `info`, `export` and `functions`, in pipes, in terminals and as JSON."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.commands import ROOT, in_terminal, started, summarize
from llm_memo import Cache, cached_completion, completion_usage
from llm_memo.cli import main


@pytest.mark.slow
def test_ls_in_a_pipe_is_a_line_an_entry(filled: Cache) -> None:
    """The latest first, in full, between tabs; what could steer a terminal is written out."""
    done = started("ls")
    assert (0, "") == (done.returncode, done.stderr)
    first, *rest = [line.split("\t") for line in done.stdout.splitlines()]
    assert [entry.key for entry in filled.entries()] == [first[0], *(line[0] for line in rest)]
    assert ["project.reports.draft", "", "", "topic='\\x1b[31mred\\t'"] == [*first[2:5], first[6]]
    assert ["project.summarize", "gpt-5.2", "12"] == rest[0][2:5]
    assert "text='wind', model='gpt-5.2'" == rest[0][6]


@pytest.mark.slow
def test_ls_into_head_ends_quietly() -> None:
    """Whoever reads may stop reading; there is no traceback, and nothing is wrong."""
    for number in range(400):
        summarize(f"{number} {'x' * 80}")
    command = f"{sys.executable} -W error -m llm_memo ls | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert "" == done.stderr
    line, code = done.stdout.splitlines()
    assert "0" == code
    assert "text='399" in line


@pytest.mark.slow
def test_ls_in_a_terminal_is_a_table_of_its_width(filled: Cache) -> None:
    """Columns without a text are left out, long texts are cut, and nothing is wrapped."""
    code, shown = in_terminal("ls", columns=76)
    assert 0 == code
    head, first, *_ = shown.splitlines()
    assert ["key", "age", "function", "model", "tokens", "size", "arguments"] == _bare(head).split()
    assert filled.entries()[0].key[:12] in first
    assert "…" in first
    assert max(len(_bare(line)) for line in shown.splitlines()) <= 76


def _bare(text: str) -> str:
    return re.sub(r"\x1b\[\d*m", "", text)


@pytest.mark.slow
def test_ls_in_a_terminal_stops_at_fifty() -> None:
    """A terminal sees the latest fifty, and how to see all; with -n, so many; with --all, all."""
    for number in range(52):
        summarize(str(number))
    assert "… 2 more: llm-memo ls --all" in in_terminal("ls")[1]
    assert "… 49 more: llm-memo ls --all" in in_terminal("ls", "-n", "3")[1]
    assert 53 == len(in_terminal("ls", "--all")[1].splitlines())


def test_ls_knows_a_terminal_by_its_output(
    filled: Cache, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table is for a terminal; --json is not, wherever it goes."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    assert 0 == main(["ls", "-n", "3"])
    assert "… 1 more: llm-memo ls --all" in capsys.readouterr().out
    assert 0 == main(["ls", "-n", "3", "--json"])
    assert 3 == len(json.loads(capsys.readouterr().out))


def test_ls_of_one_function(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """A function is named in full, or by its last parts."""
    for name in ("project.summarize", "summarize"):
        assert 0 == main(["ls", name])
        assert 3 == len(capsys.readouterr().out.splitlines())


def test_an_empty_folder_has_nothing_to_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing found is exit code 1 and a line that says where."""
    assert 1 == main(["ls"])
    assert f"llm-memo: no entries in {Cache().path}\n" == capsys.readouterr().err


def test_json_is_one_document(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json, ls, show, info and path print data that says the same."""
    assert 0 == main(["ls", "--json", "-n", "2"])
    first, second = json.loads(capsys.readouterr().out)
    assert ["project.reports.draft", "project.summarize"] == [first["function"], second["function"]]
    assert filled.entries()[1].created.isoformat(timespec="seconds") == second["created"]
    assert 0 == main(["show", "--json", first["key"][:9]])
    shown = json.loads(capsys.readouterr().out)
    assert ({"topic": "\x1b[31mred\t", "lines": [1, 2]}, first["key"]) == (shown["answer"], shown["key"])
    assert {"argument topic", "code"} == set(shown["parts"])
    assert 0 == main(["info", "--json"])
    info = json.loads(capsys.readouterr().out)
    assert [("project.reports.draft", 1, None), ("project.summarize", 3, 36)] == [
        (row["function"], row["entries"], row["tokens"]) for row in info["functions"]
    ]
    assert 0 == main(["path", "--json"])
    assert {"path": filled.path} == json.loads(capsys.readouterr().out)


def test_show(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """An entry by the beginning of its key: arguments, answer, cost, parts and file; or its answer alone."""
    entry = filled.entries()[1]
    assert 0 == main(["show", entry.key[:10].upper()])
    shown = capsys.readouterr().out
    for text in ("project.summarize", "'wind'", "A summary of wind", "7 in, 5 out", entry.key, "code", entry.path):
        assert text in shown
    assert 0 == main(["show", entry.key, "--answer"])
    assert "A summary of wind\n" == capsys.readouterr().out


def test_info_is_a_row_for_each_function(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """Functions, entries, sizes and what they cost; an empty folder is no error."""
    assert 0 == main(["info"])
    assert "4 entries" in capsys.readouterr().out
    filled.clear()
    assert 0 == main(["info"])
    assert "0 entries · 0 B" in capsys.readouterr().out


def test_ls_takes_conditions(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """ls lists what has a text in arguments or answer, is of a model, or of an age, and so many of them."""
    summarize("a fox", model="gpt-5.2-mini")
    for arguments, count in (
        (["--text", "FOX"], 1),
        (["--text", "a summary of"], 4),
        (["--text", "a summary of", "-n", "2"], 2),
        (["--model", "gpt-5.2"], 3),
        (["project.*", "--model", "*mini"], 1),
        (["summarize", "reports.draft"], 5),
        (["--older-than", "0s"], 5),
        (["--newer-than", "1h"], 5),
    ):
        assert 0 == main(["ls", "--json", *arguments])
        assert count == len(json.loads(capsys.readouterr().out))
    for arguments in (["--text", "no such"], ["--older-than", "never"], ["--stale-code"]):
        assert 1 == main(["ls", *arguments])
        assert f"no such entries in {filled.path}" in capsys.readouterr().err


def revised(prompt: str) -> Any:
    """A function as it is with this prompt."""

    @cached_completion(name="project.revised")
    def ask(text: str) -> str:
        completion_usage(model="a-model-with-a-long-name-2026-11-27", input_tokens=70_000, output_tokens=5)
        return f"{prompt} {text}"

    return ask


@pytest.mark.slow
def test_entries_of_earlier_code_are_marked() -> None:
    """In a terminal of 80 columns a column says which entries are of earlier code; in a pipe the eighth field does."""
    for prompt in ("one", "two"):
        revised(prompt)("wind " * 30)
    _, shown = in_terminal("ls")
    head, latest, earlier = map(_bare, shown.splitlines())
    assert ("code" in head, "earlier" in latest, "earlier" in earlier) == (True, False, True)
    assert max(len(line) for line in (head, latest, earlier)) <= 80
    assert ["", "earlier code"] == [line.split("\t")[7] for line in started("ls").stdout.splitlines()]
    assert "earlier code, which no call finds" in started("show", Cache().entries()[1].key).stdout


def test_show_prints_the_whole_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """An answer of any length is shown to its end."""
    cached_completion(name="long")(lambda: "word " * 20_000 + "end")()
    assert 0 == main(["show", Cache().entries()[0].key])
    assert "word end" in capsys.readouterr().out


def test_export_is_a_line_an_entry(filled: Cache, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """export prints arguments and answers as JSON lines, or writes them to a file."""
    assert 0 == main(["export", "summarize", "--text", "rain"])
    (line,) = capsys.readouterr().out.splitlines()
    record = json.loads(line)
    assert ("A summary of rain", {"text": "'rain'", "model": "'gpt-5.2'"}) == (record["answer"], record["arguments"])
    assert 0 == main(["export", "-o", str(tmp_path / "out.jsonl")])
    told = capsys.readouterr()
    assert ("", f"llm-memo: wrote 4 entries to {tmp_path / 'out.jsonl'}\n") == (told.out, told.err)
    assert 4 == len((tmp_path / "out.jsonl").read_text().splitlines())


@pytest.mark.slow
@pytest.mark.usefixtures("cache_dir")
def test_exported_lines_are_json_in_any_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the encoding of standard output has no bytes for is escaped as JSON escapes it."""
    cached_completion(name="accents")(lambda: "é \U0001f600 \ud800")()
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    assert "é \U0001f600 \ud800" == json.loads(started("export").stdout)["answer"]


def test_functions_are_a_line_each(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """functions prints the names of the functions with entries."""
    assert 0 == main(["functions"])
    assert "project.reports.draft\nproject.summarize\n" == capsys.readouterr().out
    assert 0 == main(["functions", "--json"])
    assert ["project.reports.draft", "project.summarize"] == json.loads(capsys.readouterr().out)
