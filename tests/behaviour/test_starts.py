"""One question has one key however its program is started: a table of ways, each against ``python agents.py``."""

from __future__ import annotations

import json
import os
import py_compile
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from nbclient import NotebookClient

from llm_memo.testing import ModelServer, model_server

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent

PROGRAM = '''
import json
import os
import urllib.request

from llm_memo import cached_completion

STYLE = "terse"


def clean(text):
    """What is asked."""
    assert text, "nothing is asked"
    return f"{STYLE}: {text.strip()}"


@cached_completion
def ask(text):
    """The id of the model's answer, which no two of its answers share."""
    order = json.dumps({"model": "m", "input": clean(text)}).encode()
    url = os.environ["MODEL"] + "/responses"
    with urllib.request.urlopen(urllib.request.Request(url, order, {"content-type": "application/json"})) as reply:
        return json.load(reply)["id"]


'''
SHOW = """print("=", json.dumps([ask.cache_key("hi"), ask("hi"), sorted(ask.explain("hi").untracked)]))
"""
TYPED = PROGRAM.replace("\n\n    ", "\n    ") + SHOW
"""As it is typed at a prompt, where an empty line ends a function."""
WITHOUT = ["source of helper clean", "source of the function"]


class Said(NamedTuple):
    """What a program says of its question."""

    key: str
    answer: str
    untracked: list[str]


class Programs:
    """Programs that ask one question, in a folder of their own; `url` is the model's."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JPY_"))},
            "PYTHONPATH": str(ROOT),
            "IPYTHONDIR": str(folder / "ipython"),
            "LLM_MEMO_DIR": str(folder / "cache"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "MODEL": url,
        }
        self.write("agents.py")

    def write(self, name: str, text: str = PROGRAM + SHOW) -> Path:
        """Write a file of the program."""
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return file

    def start(self, *arguments: str, typed: str | None = None, **environment: str) -> Said:
        """What ``python …`` says; whatever else it prints, it prints no error."""
        done = subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            env={**self.environment, **environment},
            cwd=self.folder,
            input=typed,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert 0 == done.returncode, done.stderr
        assert "Error" not in done.stderr, done.stderr
        return said(done.stdout)

    def type_in(self, text: str, **environment: str) -> Said:
        """What is said in a terminal into which ``text`` is put at Python's prompt: pasted, as far as it knows that."""
        import pty

        from pexpect import TIMEOUT
        from pexpect.fdpexpect import fdspawn

        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-W", "error", "-q"],
            env={**self.environment, "TERM": "xterm", "PYTHON_HISTORY": os.devnull, **environment},
            cwd=self.folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as python:
            os.close(theirs)
            with fdspawn(ours, encoding="utf-8", timeout=100) as screen:
                screen.expect_exact(">>> ")
                screen.send(text if "PYTHON_BASIC_REPL" in environment else f"\x1b[200~{text}\x1b[201~")
                while screen.expect([r"= \[.*?\](?=\r)", TIMEOUT], timeout=1):
                    screen.send("\r")  # what is pasted is run by the next key, which some take for its end
                found = said(screen.after)
                screen.expect_exact(">>> ")
                screen.sendline("exit()")
                assert 0 == python.wait(100)
        return found


def said(output: str) -> Said:
    """The one line of an output that tells of the question."""
    (line,) = [line for line in output.splitlines() if "= [" in line]
    return Said(*json.loads(line.partition("= ")[2]))


@pytest.fixture
def programs(tmp_path: Path, server: ModelServer) -> Programs:
    """Programs in a folder of this test's own."""
    return Programs(tmp_path, server.base_url)


class Paid(NamedTuple):
    """A question that ``python agents.py`` has asked."""

    programs: Programs
    server: ModelServer
    first: Said


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paid]:
    """One for all tests that ask the same question again."""
    with model_server() as server:
        programs = Programs(tmp_path_factory.mktemp("paid"), server.base_url)
        yield Paid(programs, server, programs.start("agents.py"))


RUNPY = "import runpy; runpy.run_{}"
WAYS: dict[str, tuple[str, ...]] = {
    "import agents": ("-c", "import agents"),
    "-m agents": ("-m", "agents"),
    "-O": ("-O", "agents.py"),
    "-OO": ("-OO", "agents.py"),
    "-B": ("-B", "agents.py"),
    "-X no_debug_ranges": ("-X", "no_debug_ranges", "agents.py"),
    "run_path": ("-c", RUNPY.format("path('agents.py', run_name='__main__')")),
    "run_path as itself": ("-c", RUNPY.format("path('agents.py')")),
    "run_module": ("-c", RUNPY.format("module('agents', run_name='__main__', alter_sys=True)")),
    "pdb": ("-m", "pdb", "-c", "c", "-c", "q", "agents.py"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_program_has_one_key(way: str, paid: Paid) -> None:
    """What ``python agents.py`` has paid is a hit in whatever way it is started, with all of its source."""
    assert [] == paid.first.untracked
    assert paid.first == paid.programs.start(*WAYS[way], typed="")
    assert 1 == paid.server.requests


def test_a_module_of_a_package_has_one_key(programs: Programs, server: ModelServer) -> None:
    """``python -m pkg.agents``, ``import pkg.agents``, and ``python -m pkg`` that imports it, ask one question."""
    programs.write("pkg/__init__.py", "")
    programs.write("pkg/agents.py")
    programs.write("pkg/__main__.py", "from pkg import agents")
    ways = [("-m", "pkg.agents"), ("-c", "import pkg.agents"), ("-m", "pkg")]
    one, two, three = [programs.start(*way) for way in ways]
    assert one == two == three
    assert 1 == server.requests


def test_a_zip_has_its_source(paid: Paid) -> None:
    """Imported from a zip, or started as one, a program has the key that it has in a folder."""
    with zipfile.ZipFile(paid.programs.folder / "all.zip", "w") as archive:
        archive.writestr("inside.py", PROGRAM + SHOW)
        archive.writestr("__main__.py", PROGRAM + SHOW)
    assert paid.first == paid.programs.start("-c", "import sys; sys.path.insert(0, 'all.zip'); import inside")
    assert paid.first == paid.programs.start("all.zip")
    assert 1 == paid.server.requests


@pytest.mark.parametrize("way", [("-i",), ("-c", TYPED)], ids=["-i", "-c"])
def test_what_is_typed(way: tuple[str, ...], programs: Programs, server: ModelServer) -> None:
    """At the prompt, and with ``-c``, a question is asked once; from 3.13 on, by its source, it has one key."""
    first = programs.start(*way, typed=TYPED)
    if sys.version_info >= (3, 13):
        assert first == programs.start("agents.py")
    else:
        assert WITHOUT == first.untracked
        assert first == programs.start(*way, typed=TYPED)
    assert 1 == server.requests


@pytest.mark.skipif(sys.version_info < (3, 13), reason="Python keeps no source of it")
@pytest.mark.parametrize("environment", [{}, {"PYTHON_BASIC_REPL": "1"}], ids=["the new prompt", "the basic one"])
def test_what_is_typed_into_a_terminal(environment: dict[str, str], paid: Paid) -> None:
    """At the prompt of a real terminal, that with an editor of lines and that without, a function has its source."""
    assert paid.first == paid.programs.type_in(TYPED, **environment)
    assert 1 == paid.server.requests


IN_A_WORKER = """from joblib import Parallel, delayed
def tell(ask): return ask.cache_key("hi"), ask("hi"), sorted(ask.explain("hi").untracked)

print("=", json.dumps(Parallel(n_jobs=2)([delayed(tell)(ask)])[0]))
"""


@pytest.mark.skipif(sys.version_info < (3, 13), reason="Python keeps no source of it")
def test_what_is_typed_has_one_key_in_a_worker(paid: Paid) -> None:
    """A function that is typed takes its source and that of its helpers along to a worker."""
    assert paid.first == paid.programs.start("-i", typed=TYPED.replace(SHOW, IN_A_WORKER))
    assert 1 == paid.server.requests


@pytest.mark.long
@pytest.mark.parametrize("cell", ["%run agents.py", PROGRAM + SHOW], ids=["%run", "cell"])
def test_ipython_has_one_key(cell: str, paid: Paid) -> None:
    """``%run agents.py``, and the same text in a cell, ask the question of the script."""
    assert paid.first == paid.programs.start("-m", "IPython", "--quick", "-c", cell)
    assert 1 == paid.server.requests


@pytest.mark.long
def test_a_notebook_has_one_key(paid: Paid, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook that nbclient executes, as nbconvert does, and its workers ask the question of the script."""
    for name, value in paid.programs.environment.items():
        monkeypatch.setenv(name, value)
    helper, function = PROGRAM.split("@cached_completion")
    cells = [helper, f"@cached_completion{function}", SHOW, IN_A_WORKER]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    NotebookClient(book, timeout=120, resources={"metadata": {"path": str(paid.programs.folder)}}).execute()
    assert [paid.first] * 2 == [said(cell.outputs[0].text) for cell in book.cells[2:]]
    assert 1 == paid.server.requests


def test_only_bytecode(programs: Programs, server: ModelServer) -> None:
    """Imported from or started as a ``.pyc`` alone, a function is keyed without its source, and `explain` says so."""
    py_compile.compile(str(programs.folder / "agents.py"), str(programs.folder / "agents.pyc"))
    (programs.folder / "agents.py").unlink()
    first = programs.start("-c", "import agents")
    assert WITHOUT == first.untracked
    assert first == programs.start("agents.pyc")
    assert 1 == server.requests


def test_the_environment_without_source(programs: Programs, server: ModelServer) -> None:
    """Without source, a text in the code names a variable of the environment that counts; others do not."""
    py_compile.compile(str(programs.folder / "agents.py"), str(programs.folder / "agents.pyc"))
    first = programs.start("agents.pyc")
    assert first == programs.start("agents.pyc", OTHER="another")
    assert first != programs.start("agents.pyc", MODEL=server.base_url.replace("127.0.0.1", "localhost"))
    assert 2 == server.requests


SPOILT = {
    "gone": "file.unlink()",
    "a directory": "file.unlink(); file.mkdir()",
    "empty": "file.write_text('')",
    "no text": "file.write_bytes(b'# \\xff \\0')",
    "no Python": "file.write_text('def ask(text) return')",
    "edited": "file.write_text(file.read_text().replace('strip', 'lstrip').replace('load', 'loads'))",
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_file_that_is_spoilt_before_its_function_is_decorated(
    how: str, programs: Programs, server: ModelServer
) -> None:
    """Its functions are keyed without their source, and `explain` says so; a process where it is so too has a hit."""
    spoilt = PROGRAM.replace("@cached", f"import pathlib\nfile = pathlib.Path(__file__)\n{SPOILT[how]}\n\n\n@cached")
    programs.write("bad/first.py", spoilt + SHOW)
    programs.write("bad/second.py", spoilt + SHOW)
    first = programs.start("bad/first.py")
    assert WITHOUT == first.untracked
    assert first == programs.start("-c", "import sys; sys.path.insert(0, 'bad'); import second")
    assert 1 == server.requests


EDIT = """
import pathlib
file = pathlib.Path("agents.py")
file.write_text(file.read_text().replace("strip", "lstrip"))
"""


def test_an_edit_after_the_import(programs: Programs, server: ModelServer) -> None:
    """A file that is edited after its import changes nothing in the running process; a new process asks anew."""
    first = programs.start("agents.py")
    programs.write("agents.py", PROGRAM + EDIT + SHOW)
    running, new = programs.start("agents.py"), programs.start("agents.py")
    assert first == running
    assert (running.key, running.answer) != (new.key, new.answer)
    assert [] == new.untracked
    assert 2 == server.requests
