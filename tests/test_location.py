"""Where answers live when nobody says: decided once, from the script that was started."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from anew import forget

from llm_memo import Cache, InvalidOption, MemoWarning, cached_completion, configure, location

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("LLM_MEMO_DIR")
    forget()
    yield
    forget()


def project(folder: Path, marker: str = "pyproject.toml") -> Path:
    """A folder that looks like a project."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / marker).touch()
    return folder


def started(*command: str | Path, cwd: Path, **env: str) -> list[str]:
    """The lines that a process prints, which is started in ``cwd``."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *map(str, command)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout.splitlines()


PATH = "from llm_memo import Cache\nprint(Cache().path)\n"


@pytest.mark.parametrize("marker", [".git", "pyproject.toml", "setup.cfg"])
def test_under_a_launcher_the_working_directorys_project_holds_the_folder(
    marker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under pytest the folder is .llm_memo in the nearest parent of the working directory that is a project."""
    inner = project(project(tmp_path) / "inner", marker)
    (inner / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(inner / "a" / "b")
    assert str(inner / ".llm_memo") == Cache().path


def test_changing_the_directory_moves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default folder is decided at first use, and stays after os.chdir."""
    monkeypatch.chdir(project(tmp_path / "one"))
    before = Cache().path
    monkeypatch.chdir(project(tmp_path / "two"))
    assert str(tmp_path / "one" / ".llm_memo") == before == Cache().path


@pytest.mark.parametrize("how", ["script", "module", "linked script"])
def test_a_script_decides_wherever_it_is_started(how: str, tmp_path: Path) -> None:
    """A script's project holds the folder, whatever folder it is started in."""
    home = project(tmp_path / "home")
    (home / "tools").mkdir()
    (home / "tools" / "train.py").write_text(PATH)
    elsewhere = project(tmp_path / "elsewhere")
    (elsewhere / "linked.py").symlink_to(home / "tools" / "train.py")
    command = {
        "script": [home / "tools" / "train.py"],
        "module": ["-m", "tools.train"],
        "linked script": ["linked.py"],
    }[how]
    paths = f"{ROOT}{os.pathsep}{home}"
    assert [str(home / ".llm_memo")] == started(*command, cwd=elsewhere, PYTHONPATH=paths)


def test_without_a_script_the_working_directory_decides(tmp_path: Path) -> None:
    """With python -c, and on standard input, the project of the working directory holds the folder."""
    assert [str(project(tmp_path) / ".llm_memo")] == started("-c", PATH, cwd=tmp_path)


def test_the_command_line_looks_where_it_is_started(tmp_path: Path) -> None:
    """python -m llm_memo is a launcher, also where it is installed from a clone."""
    assert [str(project(tmp_path) / ".llm_memo")] == started("-m", "llm_memo", "path", cwd=tmp_path)


INSIDE = """
import os
from llm_memo import Cache

def test_it():
    os.chdir("/")
    assert Cache().path == os.environ["EXPECTED"], Cache().path
"""


@pytest.mark.parametrize("launcher", ["python -m pytest", "pytest"])
def test_a_launcher_is_no_script(launcher: str, tmp_path: Path) -> None:
    """Under an installed launcher the project of the working directory at first use holds the folder."""
    here = project(tmp_path / "here")
    (here / "conftest.py").write_text("from llm_memo import Cache\nCache()\n")
    (here / "test_it.py").write_text(INSIDE)
    start = ["-m", "pytest"] if launcher == "python -m pytest" else [Path(sys.executable).with_name("pytest")]
    if not Path(start[-1]).exists() and launcher == "pytest":
        pytest.skip("pytest's own script is not beside this interpreter")
    lines = started(
        *start, "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", cwd=here, EXPECTED=str(here / ".llm_memo")
    )
    assert "1 passed" in lines[-1]


def test_in_a_notebook_the_kernels_directory_decides(tmp_path: Path) -> None:
    """A kernel is a launcher: the project around the notebook holds the folder, also after %cd."""
    here = project(tmp_path / "here")
    (here / "notes").mkdir()
    text = f"""
        import nbformat, os
        from nbclient import NotebookClient
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in
            ("from llm_memo import Cache\\nprint(Cache().path)", "%cd -q /", "print(Cache().path)")])
        NotebookClient(book, resources={{"metadata": {{"path": {str(here / "notes")!r}}}}}).execute()
        print(*(output["text"].strip() for cell in book.cells for output in cell.outputs), sep="\\n")
    """
    script = tmp_path / "run.py"
    script.write_text("\n".join(line[8:] for line in text.splitlines()))
    done = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert [str(here / ".llm_memo")] * 2 == done.stdout.splitlines(), done.stderr


@pytest.mark.parametrize("file", ["_jb_pytest_runner.py", "pydevconsole.py"])
def test_an_ides_runner_is_no_script(file: str, tmp_path: Path) -> None:
    """What an IDE starts tests and consoles with lies in its own folder, and decides nothing."""
    (tmp_path / "ide").mkdir()
    (tmp_path / "ide" / file).write_text(PATH)
    here = project(tmp_path / "here")
    assert [str(here / ".llm_memo")] == started(tmp_path / "ide" / file, cwd=here)


MODULE = """
import os
from llm_memo import cached_completion

@cached_completion
def ask(text):
    return text.upper()

class Helper:
    @cached_completion
    def ask(self, text):
        return text.upper()

def path(function):
    return function.cache_parameters()["cache_dir"]
"""
SENT = {
    "function": "module.ask",
    "with options": "module.ask.with_options(ttl=60)",
    "bound method": "module.Helper().ask",
    "closure": "made()",
}


@pytest.mark.parametrize("receiver", ["-c", "script"])
@pytest.mark.parametrize("sent", SENT)
def test_the_folder_travels_with_a_pickled_function(sent: str, receiver: str, tmp_path: Path) -> None:
    """A function that another process has sent keeps its answers where its parent does."""
    home, away = project(tmp_path / "home"), project(tmp_path / "away")
    (home / "module.py").write_text(MODULE)
    (home / "main.py").write_text(
        "import cloudpickle, module, sys\nfrom llm_memo import cached_completion\n"
        "def made():\n    up = str.upper\n    @cached_completion\n    def inner(text):\n        return up(text)\n"
        f"    return inner\nwith open('sent', 'wb') as file:\n    file.write(cloudpickle.dumps({SENT[sent]}))\n"
    )
    receive = (
        f"import pickle, module\nwith open({str(away / 'sent')!r}, 'rb') as file:\n"
        "    f = pickle.load(file)\nprint(module.path(f))\n"
    )
    (away / "receive.py").write_text(receive)
    paths = f"{ROOT}{os.pathsep}{home}"
    started(home / "main.py", cwd=away, PYTHONPATH=paths)
    command = ["-c", receive] if receiver == "-c" else [away / "receive.py"]
    assert [str(home / ".llm_memo")] == started(*command, cwd=away, PYTHONPATH=paths)


def test_workers_use_their_parents_folder(tmp_path: Path) -> None:
    """loky's workers, which are a launcher's, use the script's folder, also for what the function calls."""
    home, away = project(tmp_path / "home"), project(tmp_path / "away")
    (home / "module.py").write_text(
        MODULE + "\n@cached_completion\ndef outer(text):\n    return ask(text), path(ask), path(outer), os.getpid()\n"
    )
    (home / "main.py").write_text(
        "import module, os\nif __name__ == '__main__':\n"
        "    answer, *paths, process = module.outer.map(['a'], backend='loky', progress=False)[0]\n"
        "    assert process != os.getpid()\n    print(answer, *paths, sep='\\n')\n"
    )
    expected = str(home / ".llm_memo")
    assert ["A", expected, expected] == started(home / "main.py", cwd=away)
    assert not (away / ".llm_memo").exists()


@pytest.mark.slow
@pytest.mark.parametrize("sent", ["ask", "ask.with_options(ttl=60)", "Helper().ask"])
def test_a_spawned_childs_own_functions_use_its_parents_folder(sent: str, tmp_path: Path) -> None:
    """What the parent has configured below ``if __name__ == "__main__"`` holds for functions that it sends, too."""
    home = project(tmp_path / "home")
    (home / "main.py").write_text(
        MODULE + "\nif __name__ == '__main__':\n"
        "    import multiprocessing\n    from llm_memo import configure\n    configure(cache_dir='configured')\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        f"        print(pool.apply(path, [{sent}]))\n"
    )
    assert [str(home / "configured")] == started("main.py", cwd=home)


def test_in_the_same_process_nothing_travels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pickled and unpickled in one process a function is the same, and follows what is configured."""
    with configure(cache_dir=tmp_path / "configured"):
        assert travelled is pickle.loads(pickle.dumps(travelled))
    monkeypatch.chdir(project(tmp_path))
    assert str(tmp_path / ".llm_memo") == travelled.cache_parameters()["cache_dir"]


@cached_completion
def travelled(text: str) -> str:
    """One that can be imported."""
    return text


def test_a_relative_folder_counts_from_where_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative cache_dir is made absolute when it is given; ~ is the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    ask = cached_completion(cache_dir="here")(str.upper)
    with configure(cache_dir="there"):
        monkeypatch.chdir(tmp_path / "other")
        assert str(tmp_path / "there") == Cache().path
        assert str(tmp_path / "here") == ask.cache_parameters()["cache_dir"]
    assert str(tmp_path / "other" / "here") == Cache("here").path
    assert str(tmp_path / "home" / "there") == Cache("~/there").path


def test_a_relative_variable_counts_from_the_start(tmp_path: Path) -> None:
    """LLM_MEMO_DIR=answers is the folder in which the program was started, for all functions."""
    text = (
        "import os\nfrom llm_memo import Cache, cached_completion\n"
        "one, two = map(cached_completion, (str.upper, str.lower))\n"
        "def path(f):\n    return f.cache_parameters()['cache_dir']\n"
        "os.chdir('/')\nprint(path(one))\nos.chdir('/tmp')\nprint(path(two), Cache().path, sep='\\n')\n"
    )
    assert [str(tmp_path / "answers")] * 3 == started("-c", text, cwd=tmp_path, LLM_MEMO_DIR="answers")


@pytest.mark.parametrize("given", ["", 3, "~nobody-of-that-name/x"])
def test_what_is_no_path_is_refused(given: object) -> None:
    """A cache_dir that is no path, or in a home folder that is not there, is an error."""
    with pytest.raises(InvalidOption, match="cache_dir="):
        cached_completion(cache_dir=given)  # type: ignore[call-overload]


def test_a_working_directory_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a working directory that was removed the user's cache folder serves; a relative path is an error."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert str(tmp_path / "user-cache" / "llm_memo") == Cache().path
    with pytest.raises(InvalidOption, match="working directory is gone"):
        Cache("here")


def test_a_function_that_is_sent_from_a_working_directory_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder cannot be said, so it is sent without one; where it arrives the folder there serves."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setenv("LLM_MEMO_DIR", "here")
    sent = pickle.dumps(travelled)
    monkeypatch.chdir(tmp_path)
    assert "a" == pickle.loads(sent)("a")
    assert (tmp_path / "here").is_dir()


def test_outside_of_projects_it_is_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of any project the folder is in the user's cache folder, and in no project is none of the script's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(location, "_MARKERS", ())
    assert str(tmp_path / "user-cache" / "llm_memo") == Cache().path


@pytest.mark.parametrize(
    ("file", "decides"),
    [
        ("home/train.py", "home"),
        ("venv/lib/python3/site-packages/tool/__main__.py", "here"),
        ("ide/_jb_pytest_runner.py", "here"),
        ("<stdin>", "here"),
        (None, "here"),
    ],
)
def test_whose_project_decides(file: str | None, decides: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script's own project decides; for installed modules, runners and no script it is the working directory's."""
    home, here = project(tmp_path / "home"), project(tmp_path / "here")
    monkeypatch.chdir(here)
    main = file if file is None or file.startswith("<") else str(tmp_path / file)
    monkeypatch.setattr(sys.modules["__main__"], "__file__", main, raising=False)
    assert str((home if decides == "home" else here) / ".llm_memo") == Cache().path
    location.adopt(str(tmp_path / "parent"))
    assert str((home if decides == "home" else here) / ".llm_memo") == Cache().path
    forget()
    location.adopt(str(tmp_path / "parent"))
    assert str(home / ".llm_memo" if decides == "home" else tmp_path / "parent") == Cache().path


def test_without_a_home_folder_it_is_a_temporary_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a platform says that there is no home folder, the temporary directory serves, and a call says so once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(location, "_MARKERS", ())
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("no home")))
    folder = tmp_path / f"llm_memo-{os.geteuid()}"
    assert str(folder) == Cache().path
    ask = cached_completion(str.upper)
    assert "A" == ask.with_options(policy="off")("a")
    assert not folder.exists()
    with pytest.warns(MemoWarning, match="no home folder.*LLM_MEMO_DIR") as caught:
        assert "A" == ask("a")
    assert 1 == len(caught)
    assert 0o700 == folder.stat().st_mode & 0o777
    forget()
    folder.chmod(0o755)
    with pytest.warns(MemoWarning, match="not yours alone"):
        assert "B" == ask("b")
    assert 1 == Cache().info().entries


def test_without_any_temporary_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be written anywhere there is still a path, and the call has its answer."""
    monkeypatch.setattr("tempfile.gettempdir", lambda: (_ for _ in ()).throw(FileNotFoundError("none usable")))
    assert f"/tmp/llm_memo-{os.geteuid()}-config" == location.temporary_folder("config")


def test_the_program_of_a_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function's program is its module's file, its notebook, or else this very process."""
    assert os.path.realpath(__file__) == location.program(project)
    assert os.path.realpath(json.decoder.__file__) == location.program(json.JSONDecoder)
    assert f"process {location.PROCESS}" == location.program(len)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec("def f(): pass", names)
    assert f"process {location.PROCESS}" == location.program(names["f"])
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "book.ipynb"))
    assert str(tmp_path / "book.ipynb") == location.program(names["f"])
