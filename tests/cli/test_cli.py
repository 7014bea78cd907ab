"""``llm-memo``: real processes in pipes and terminals, and `main` in this one."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_memo import Cache, StoreError, cached_completion, completion_usage
from llm_memo.cli import main

pty = pytest.importorskip("pty")
ROOT = Path(__file__).parent.parent.parent


@cached_completion(name="project.summarize")
def summarize(text: str, *, model: str = "gpt-5.2") -> str:
    completion_usage(model=model, input_tokens=7, output_tokens=5)
    return f"A summary of {text}"


@cached_completion(name="project.reports.draft")
def draft(topic: str) -> dict[str, Any]:
    return {"topic": topic, "lines": (1, 2)}


@cached_completion(name="other.draft")
def other(topic: str) -> str:
    return topic


class Odd:
    def __init__(self) -> None:
        self.numbers = {1}


@pytest.fixture
def filled() -> Cache:
    """A folder with three answers of one function and one of another."""
    for text in ("rain", "snow", "wind"):
        summarize(text)
    draft("\x1b[31mred\t")
    return Cache()


def started(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """What a process of its own did, all warnings being errors."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "llm_memo", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


def in_terminal(*arguments: str, typed: str = "", columns: int = 80, script: str | None = None) -> tuple[int, str]:
    """The exit code, and what a terminal showed."""
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    how = ["-c", script] if script else ["-m", "llm_memo"]
    process = subprocess.Popen(
        [sys.executable, "-W", "error", *how, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "NO_COLOR": ""},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    if typed:
        os.write(ours, typed.encode())
    shown = b""
    with contextlib.suppress(OSError):  # Linux's way to say that the other side is gone
        while chunk := os.read(ours, 65536):
            shown += chunk
    os.close(ours)
    return process.wait(), shown.decode().replace("\r\n", "\n")


# Looking


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


def test_names_that_fit_none_or_several(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """Then the error lists the names that there are."""
    other("rain")
    assert 1 == main(["ls", "draft"])
    assert "'draft' can be several functions:\n  other.draft\n  project.reports.draft" in capsys.readouterr().err
    assert 1 == main(["ls", "nobody"])
    assert "no entries of 'nobody'; there are entries of:\n  other.draft" in capsys.readouterr().err
    filled.clear()
    assert 1 == main(["clear", "nobody"])
    assert "no entries of 'nobody'; there are entries of: nothing" in capsys.readouterr().err


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


def test_json_of_what_json_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    """Objects are their attributes, and anything else a text."""

    made = cached_completion(name="project.object")(lambda: Odd())
    made()
    assert 0 == main(["show", "--json", made.entries()[0].key])
    assert {"numbers": "{1}"} == json.loads(capsys.readouterr().out)["answer"]


def test_show(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """An entry by the beginning of its key: arguments, answer, cost, parts and file; or its answer alone."""
    entry = filled.entries()[1]
    assert 0 == main(["show", entry.key[:10].upper()])
    shown = capsys.readouterr().out
    for text in ("project.summarize", "'wind'", "A summary of wind", "7 in, 5 out", entry.key, "code", entry.path):
        assert text in shown
    assert 0 == main(["show", entry.key, "--answer"])
    assert "A summary of wind\n" == capsys.readouterr().out


def test_show_needs_one_key(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """A beginning that is none's, or that several share, is an error that helps."""
    assert 1 == main(["show", "zz"])
    assert "begins with 'zz'; see llm-memo ls" in capsys.readouterr().err
    assert 1 == main(["show", ""])
    told = capsys.readouterr().err
    assert "the keys of 4 entries begin with ''" in told
    assert filled.entries()[0].key in told


def test_info_is_a_row_for_each_function(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """Functions, entries, sizes and what they cost; an empty folder is no error."""
    assert 0 == main(["info"])
    assert "4 entries" in capsys.readouterr().out
    filled.clear()
    assert 0 == main(["info"])
    assert "0 entries · 0 B" in capsys.readouterr().out


def test_the_folder_can_be_given_on_either_side(filled: Cache, tmp_path: Path, capsys: Any) -> None:
    """--cache-dir before or after the command names the folder; without it, it is the one that calls use."""
    for arguments in (["--cache-dir", str(tmp_path / "a"), "path"], ["path", "--cache-dir", str(tmp_path / "a")]):
        assert 0 == main(arguments)
        assert f"{tmp_path / 'a'}\n" == capsys.readouterr().out
    assert 0 == main(["path"])
    assert f"{filled.path}\n" == capsys.readouterr().out


def test_what_is_not_readable_is_counted(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """A damaged file is no entry; a line says that there is one, and what tells which."""
    Path(filled.entries()[0].path).write_bytes(b"damaged")
    assert 0 == main(["ls"])
    told = capsys.readouterr()
    assert 3 == len(told.out.splitlines())
    assert "llm-memo: 1 file not readable: llm-memo verify tells which\n" == told.err


# Removing


@pytest.mark.slow
def test_clear_asks_nobody_and_removes_nothing(filled: Cache) -> None:
    """Without a terminal and without --yes, nothing is removed, and exit code 2 says so."""
    for arguments in (["clear"], ["prune", "--max-entries", "0"]):
        done = started(*arguments, stdin=subprocess.DEVNULL)
        assert (2, "") == (done.returncode, done.stdout)
        assert "Remove 4 entries" in done.stderr
        assert "say --yes" in done.stderr
        assert 2 == main(arguments)
    assert 4 == filled.info().entries


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "code", "left"), [("y\n", 0, 1), ("YES\n", 0, 1), ("\n", 1, 4), ("n\n", 1, 4)])
def test_clear_asks_in_a_terminal(filled: Cache, typed: str, code: int, left: int) -> None:
    """What would go is said; only yes removes it."""
    ended, shown = in_terminal("clear", "summarize", typed=typed)
    assert "Remove 3 entries of project.summarize" in shown
    assert ("3 entries of project.summarize removed" if code == 0 else "nothing was removed") in shown
    assert (code, left) == (ended, filled.info().entries)


@pytest.mark.parametrize(("typed", "code", "left"), [("yes\n", 0, 0), ("", 1, 4)])
def test_no_answer_is_no(
    filled: Cache, monkeypatch: pytest.MonkeyPatch, capsys: Any, typed: str, code: int, left: int
) -> None:
    """The question goes to standard error, so that output can be redirected; an end of input is a no."""
    keyboard = io.StringIO(typed)
    monkeypatch.setattr(keyboard, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdin", keyboard)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert code == main(["clear"])
    told = capsys.readouterr()
    assert "Remove 4 entries" in told.err
    assert "Remove" not in told.out
    assert left == filled.info().entries


def test_clear_with_yes(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """--yes removes at once, one function or all; clearing nothing is fine."""
    assert 0 == main(["clear", "summarize", "--yes"])
    assert capsys.readouterr().out.startswith("3 entries of project.summarize removed, ")
    assert 0 == main(["clear", "--yes", "--json"])
    assert [1, False] == [(went := json.loads(capsys.readouterr().out))["entries"], went["dry_run"]]
    assert 0 == main(["clear"])
    assert "0 entries removed, 0 B\n" == capsys.readouterr().out


def test_dry_run_removes_nothing(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """--dry-run counts what would go, for all filters."""
    for arguments, count in (
        (["clear"], 4),
        (["clear", "--older-than", "7d"], 0),
        (["clear", "--older-than", "0s"], 4),
        (["clear", "summarize", "--stale-code"], 0),
        (["prune", "--max-bytes", "0"], 4),
        (["prune", "--max-entries", "3"], 1),
        (["prune", "--older-than", "1w"], 0),
    ):
        assert 0 == main([*arguments, "--dry-run", "--json"])
        went = json.loads(capsys.readouterr().out)
        assert (count, True) == (went["entries"], went["dry_run"])
    assert 4 == filled.info().entries
    assert 0 == main(["clear", "--dry-run"])
    assert capsys.readouterr().out.startswith("would remove 4 entries, ")
    assert 0 == main(["clear", "summarize", "--dry-run"])
    assert capsys.readouterr().out.startswith("would remove 3 entries of project.summarize, ")


def test_prune_keeps_what_was_used_last(filled: Cache) -> None:
    """The entries used longest ago go first."""
    assert 0 == main(["prune", "--max-entries", "1", "--yes"])
    assert 1 == filled.info().entries


def test_verify(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """Whole entries are counted; what is damaged is put into quarantine, named, and exit code 1."""
    assert 0 == main(["verify"])
    assert "4 entries whole and sealed with your key\n" == capsys.readouterr().out
    damaged = Path(filled.entries()[0].path)
    damaged.write_bytes(b"damaged")
    assert 1 == main(["verify"])
    assert f"damaged or not yours, now in quarantine: {damaged}" in capsys.readouterr().out
    assert 0 == main(["verify", "--json"])
    assert {"entries": 3, "quarantined": [], "newer": []} == {
        name: item
        for name, item in json.loads(capsys.readouterr().out).items()
        if name in ("entries", "quarantined", "newer")
    }


def test_verify_leaves_what_it_does_not_know(
    filled: Cache, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files of a later version stay; what came back and what the disk would not give are named."""
    from llm_memo.cache import Verified

    found = Verified(1, (), ("newer",), ("unread",), ("restored",))
    monkeypatch.setattr("llm_memo.cache.Cache.verify", lambda self: found)
    assert 1 == main(["verify"])
    told = capsys.readouterr().out
    for line in (
        "of a later version, left in place: newer",
        "not readable, left in place: unread",
        "yours after all, out of quarantine: restored",
    ):
        assert line in told


# Progress, errors, help


def test_long_looks_have_a_bar_in_a_terminal(filled: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """With tqdm and a terminal a long look shows how far it is; without tqdm, or in a pipe, it does not."""
    from llm_memo.cli.folder import Folder

    bars: list[dict[str, Any]] = []

    def bar(files: Any, **options: Any) -> Iterator[Any]:
        bars.append(options)
        return iter(files)

    monkeypatch.setattr("tqdm.tqdm", bar)
    assert 4 == len(Folder(None, slow=True).entries())
    assert [] == bars
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert 4 == len(Folder(None, slow=True).entries())
    assert [" entries"] == [options["unit"] for options in bars]
    assert 4 == len(Folder(None).entries())
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert 4 == len(Folder(None, slow=True).entries())
    assert 1 == len(bars)


def test_help_teaches() -> None:
    """--help lists the commands with examples; each command explains itself; 80 columns are enough."""
    shown = started("--help").stdout
    for text in ("llm-memo demo", "--stale-code", "exit codes", "clear", "prune", "verify"):
        assert text in shown
    assert max(map(len, shown.splitlines())) <= 80
    for command in ("ls", "show", "info", "clear", "prune", "verify", "path", "demo"):
        with pytest.raises(SystemExit) as end:
            main([command, "--help"])
        assert 0 == end.value.code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bogus"], "invalid choice: bogus\nSee llm-memo --help"),
        (["lss"], "invalid choice: lss; did you mean ls?"),
        (["delete"], "invalid choice: delete; did you mean forget?"),
        (["ls", "--al1"], "unrecognized arguments: --al1; did you mean --all?\nSee llm-memo ls --help"),
        (["--cachedir", "x", "ls"], "unrecognized arguments: --cachedir; did you mean --cache-dir?"),
        (["--cachedir", "ls", "info"], "unrecognized arguments: --cachedir; did you mean --cache-dir?"),
        (["--cachedir=x", "lss"], "unrecognized arguments: --cachedir; did you mean --cache-dir?"),
        (["--cache", "x", "lss"], "invalid choice: lss; did you mean ls?"),
        (["--cache-dir", "x", "lss"], "invalid choice: lss; did you mean ls?"),
        (["clear", "--olderthan", "3d"], "did you mean --older-than?"),
        (["ls", "--search", "fox"], "did you mean --text?"),
        (["completion", "bsh"], "did you mean bash?"),
        (["prune"], "give --max-bytes, --max-entries or --older-than"),
        (["prune", "--max-bytes", "1XB"], "it is like '500MB'"),
        (["prune", "--max-entries", "-1"], "--max-entries"),
        (["ls", "-n", "few"], "not a whole number"),
        (["clear", "--older-than", "soon"], "is not a duration"),
        (["show"], "KEY"),
    ],
)
def test_what_is_not_understood_is_exit_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake on the command line says what would have been right."""
    try:
        code: object = main(arguments)
    except SystemExit as end:
        code = end.code
    assert 2 == code
    assert message in capsys.readouterr().err


def test_errors_are_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """A folder that is a file, a bad environment, a disk that fails: one line each, and no traceback."""
    (tmp_path / "file").write_text("")
    assert 1 == main(["ls", "--cache-dir", str(tmp_path / "file")])
    assert "is a file" in capsys.readouterr().err
    monkeypatch.setenv("LLM_MEMO_TTL", "soon")
    assert 2 == main(["info"])
    assert "LLM_MEMO_TTL" in capsys.readouterr().err


def test_warnings_are_a_line(filled: Cache, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """A warning is said without the line of code that it came from."""
    import warnings

    def verify(self: Cache) -> Any:
        warnings.warn("the folder is odd", stacklevel=1)
        raise StoreError("no key")

    monkeypatch.setattr("llm_memo.cache.Cache.verify", verify)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert 1 == main(["verify"])
    assert "llm-memo: warning: the folder is odd\nllm-memo: no key\n" == capsys.readouterr().err


def test_an_interrupt_is_quiet(filled: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends a command with the exit code that shells expect."""
    monkeypatch.setattr("llm_memo.cache.Cache.verify", _raising(KeyboardInterrupt))
    assert 130 == main(["verify"])


def test_a_closed_pipe_is_quiet(filled: Cache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When nobody reads any more the command ends, and Python's own flush at exit finds no pipe to complain of."""
    monkeypatch.setattr("llm_memo.cache.Cache.verify", _raising(BrokenPipeError))
    with open(tmp_path / "out", "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert 0 == main(["verify"])
        assert os.fstat(out.fileno()).st_rdev == os.stat(os.devnull).st_rdev


def _raising(error: type[BaseException]) -> Callable[[Any], Any]:
    def fail(self: Any) -> Any:
        raise error

    return fail


def test_python_m_is_the_same(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m llm_memo` is `llm-memo`, and --version tells which."""
    import runpy

    import llm_memo

    monkeypatch.setattr(sys, "argv", ["llm-memo", "--version"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("llm_memo", run_name="__main__")
    assert (0, f"llm-memo {llm_memo.__version__}\n") == (end.value.code, capsys.readouterr().out)


# What was asked for by users


def test_no_command_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Without arguments there is help, on standard output, and nothing is wrong."""
    with pytest.raises(SystemExit) as end:
        main([])
    assert 0 == end.value.code
    shown = capsys.readouterr()
    assert "llm-memo ls summarize -n 5" in shown.out
    assert "" == shown.err


def test_an_interrupt_ends_the_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """After ^C the shell's prompt begins a line of its own, and so it does after an end of input at a question."""

    def interrupted(*_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("llm_memo.cli.looking.Folder.functions", interrupted)
    assert 130 == main(["functions"])
    assert "\n" == capsys.readouterr().err
    summarize("rain")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert 1 == main(["clear"])
    assert "[y/N] \nllm-memo: nothing was removed\n" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["ls", "info", "functions", "verify", "export", "clear", "show aa", "forget aa"])
def test_a_mistyped_folder_is_an_error(command: str, filled: Cache, tmp_path: Path, capsys: Any) -> None:
    """A folder that does not exist is an error that names the one in use and its functions, and is not made."""
    assert 1 == main([*command.split(), "--cache-dir", str(tmp_path / "cahce")])
    told = capsys.readouterr()
    assert f"no cache folder {tmp_path / 'cahce'}" in told.err
    assert "project.reports.draft, project.summarize" in told.err
    assert "" == told.out
    assert not (tmp_path / "cahce").exists()


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


def test_ages_without_end_clear_nothing(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """What is older than for ever is nothing, not everything."""
    assert 0 == main(["clear", "--older-than", "never", "--yes"])
    assert 0 == main(["prune", "--older-than", "never", "--yes"])
    assert 4 == filled.info().entries


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


@pytest.mark.slow
def test_single_entries_are_forgotten(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """forget, or rm, removes entries by their keys; a key that is none's removes nothing."""
    one, two, three, _ = filled.entries()
    assert 0 == main(["forget", one.key[:12], two.key, "--dry-run"])
    assert capsys.readouterr().out.startswith("would remove 2 entries of project.reports.draft, project.summarize, ")
    assert 1 == main(["forget", one.key, "zz", "--yes"])
    assert 4 == filled.info().entries
    assert 0 == main(["forget", one.key, two.key, "--yes"])
    assert 0 == main(["rm", three.key, "--yes"])
    assert 1 == filled.info().entries
    assert 2 == started("forget", filled.entries()[0].key, stdin=subprocess.DEVNULL).returncode


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


def test_functions_are_a_line_each(filled: Cache, capsys: pytest.CaptureFixture[str]) -> None:
    """functions prints the names of the functions with entries."""
    assert 0 == main(["functions"])
    assert "project.reports.draft\nproject.summarize\n" == capsys.readouterr().out
    assert 0 == main(["functions", "--json"])
    assert ["project.reports.draft", "project.summarize"] == json.loads(capsys.readouterr().out)
