"""The house rules, held by tests: exported names, layers of imports, light imports, where tests are."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import llm_memo

PACKAGE = Path(llm_memo.__file__).parent

LAYERS = """
errors
runtime location
display testing
policies options
settings runtime.context
adapters adapters.equipment adapters.frameworks adapters.headers adapters.places adapters.variables
identity.quiet identity.local
identity.forms.encoding
adapters.stdlib adapters.mocks
identity codec
adapters.*
answers
stores
stats items entries selection
differences
explain singleflight progress
memo
persist outcome
call
shapes job
batch
requests
serve
lookup
cache pickling typed
function
decorator
views
notebook demo
cli
"""
"""What imports what: a module imports from lines above its own, or from its own line, without circles.

A name stands for a module or a package; ``adapters`` alone is its ``__init__``, ``adapters.*`` its other modules.
"""
DOORS = {"display.shown", "adapters"}
"""The modules that import by a name that they compute: what fills a registry, and the adapter of a library."""


def test_the_exported_names() -> None:
    """`from llm_memo import …` offers these names and no others, each with a docstring."""
    assert [
        "Cache",
        "CacheInfo",
        "CacheMiss",
        "CachePolicy",
        "CachedFunction",
        "CorruptEntry",
        "Entry",
        "InvalidOption",
        "MemoError",
        "MemoWarning",
        "NotStored",
        "SelfChanging",
        "StaleAnswer",
        "StoreError",
        "UnkeyableArgument",
        "Untracked",
        "UntrustedEntry",
        "cache_policy",
        "cached_client",
        "cached_completion",
        "clear_cache",
        "completion_usage",
        "configure",
        "requests_info",
    ] == sorted(llm_memo.__all__)
    for name in llm_memo.__all__:
        assert inspect.getdoc(getattr(llm_memo, name))


def modules() -> list[Path]:
    """Every module of the package but its front door and the test server."""
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parts[len(PACKAGE.parts)] not in ("testing", "__init__.py", "__main__.py")
    ]


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def files_of_tests(pattern: str) -> list[Path]:
    """The files of the tests, without those of environments that lie among them."""
    folder = Path(__file__).parent
    return [path for path in sorted(folder.rglob(pattern)) if ".venv" not in path.relative_to(folder).parts]


ALL = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(path: Path) -> set[str]:
    """The modules of the package that a module imports: at its top, in a function, for types, or by a constant name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "llm_memo":
            package = (node.module or "").partition(".")[2]
            inner = [f"{package}.{alias.name}".lstrip(".") for alias in node.names]
            found.update(name if name in ALL else package for name in inner)
        elif isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[2] for alias in node.names if alias.name.startswith("llm_memo"))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            named = ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else None
            if named is not None and str(named).startswith("llm_memo."):
                found.add(str(named).removeprefix("llm_memo."))
    return found - {module_name(path)}


@functools.cache
def layer(module: str) -> Any:
    """The number of a module's line in `LAYERS`; None for a name that is in none."""
    package = module.partition(".")[0]
    numbers = {name: number for number, line in enumerate(LAYERS.split("\n")) for name in line.split()}
    return numbers.get(module, numbers.get(f"{package}.*", numbers.get(package)))


IMPORTS = {name: imported(path) for name, path in ALL.items() if name not in ("", "__main__")}


def test_imports_point_one_way() -> None:
    """A module imports from its own layer or those below, also inside of functions and for types alone."""
    assert [] == [f"put llm_memo.{name} into a line of LAYERS" for name in IMPORTS if layer(name) is None]
    assert [] == [
        f"llm_memo.{name} imports llm_memo.{other}, which is above it"
        for name, others in IMPORTS.items()
        for other in sorted(others)
        if (layer(other) if other else 0) > layer(name)
    ]


def test_no_imports_go_in_a_circle() -> None:
    """No module comes back to itself by way of its imports."""
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " → ".join((*way[way.index(name) :], name))
        if name not in done:
            for other in sorted(IMPORTS.get(name, ())):
                visit(other, (*way, name))
            done.add(name)

    for name in IMPORTS:
        visit(name, ())


@pytest.mark.slow
def test_only_the_doors_import_by_a_computed_name() -> None:
    """Nobody else hides an import of llm_memo's own modules in a name."""
    hidden = set()
    for name, path in ALL.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
                of_its_own = ast.unparse(node.args[0])
                if "llm_memo" in of_its_own or "__name__" in of_its_own or of_its_own.isupper():
                    hidden.add(name)
    assert hidden <= DOORS


def test_no_module_imports_the_test_server() -> None:
    """The test server is imported by the demo alone, and imports nothing of the library's."""
    testing = {name for name in ALL if name.startswith("testing")}
    assert {"demo"} == {name for name, others in IMPORTS.items() if name not in testing and others & testing}
    for name in testing:
        assert IMPORTS[name] <= testing


PRIVATE_WORDS = {
    "asked": "call, arguments, key", "asker": "KeyBuilder", "told": "say what happens: warned, reported, given",
    "board": "join", "landing": "result, end", "shelf": "shard", "shelves": "shards", "upkeep": "only writes",
    "room": "adapter", "rooms": "adapters", "handed on": "escapes, passed on", "hands on": "passes on",
    "in force": "effective", "kept up": "only written",
}  # fmt: skip
"""Words that only those who wrote them understand → the field's own."""
ENGLISH = ("make room, for example", '"rooms"', "cannot be told apart")
"""Where such a word is plain English, or somebody else's name."""
WRITTEN = re.compile(rf"\b({'|'.join(PRIVATE_WORDS)})\b", re.IGNORECASE)


def test_no_private_words() -> None:
    """Names, comments, docstrings and messages of the package use the field's words."""
    found = []
    for name, path in ALL.items():
        if name.partition(".")[0] == "testing":
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if any(each in line for each in ENGLISH):
                continue
            found += [
                f"{name or '__init__'}:{number}: say {PRIVATE_WORDS[word.lower()]!r} for {word!r}"
                for word in WRITTEN.findall(line.replace("_", " "))
            ]
    assert [] == found


LONG = {
    "identity.forms.encoding": "one loop for all values, with its quick ways",
    "function": "all that a cached function offers beside being called, in one class",
}
"""Files of more than 400 lines → why."""


def test_files_are_of_one_idea() -> None:
    """No file of the package has more than 400 lines without a reason that is written down."""
    long = {name for name, path in ALL.items() if len(path.read_text().splitlines()) > 400}
    assert {name for name in long if name.partition(".")[0] != "adapters"} <= set(LONG)


HEAVY = (
    "openai",
    "joblib",
    "numpy",
    "pydantic",
    "pandas",
    "httpx",
    "httpx2",
    "IPython",
    "rich",
    "tqdm",
    "filelock",
    "uvicorn",
)


@pytest.mark.slow
def test_importing_and_decorating_loads_nothing_heavy() -> None:
    """Importing llm_memo and decorating a function loads none of the libraries it can do without."""
    text = (
        "import sys; from llm_memo import cached_completion\n"
        "@cached_completion\ndef f(text): return text\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert "[]\n" == done.stdout


@pytest.mark.slow
def test_calls_about_text_load_filelock_and_nothing_more_of_these() -> None:
    """The lock comes with the first miss, joblib with the first answer that is no text, the others with their types."""
    text = (
        "import sys; from llm_memo import cached_completion\n"
        "@cached_completion\ndef f(text): return text\n"
        "f('a'); f('a')\n"
        f"print(sorted(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert "['filelock']\n" == done.stdout


@pytest.mark.slow
def test_every_test_says_what_it_shows() -> None:
    """Every test has a docstring, which is its specification."""
    bare = [
        f"{path.name}::{node.name}"
        for path in files_of_tests("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
        if not ast.get_docstring(node)
    ]
    assert [] == bare


PRIVATES = {
    "_held": "an entry in memory that looks older than its file, and a process that holds none",
    "_Decided": "a process that has decided no folder yet",
    "_seal_keys": "a process that has read no key yet",
    "_warned": "a process that has warned of nothing yet; that what it remembers has a bound",
    "_pinned": "a process that has pinned no text yet",
    "_genai_prices": "a process that has not looked for the extra yet",
    "_MARKERS": "a machine on which no parent folder is a project",
    "_lock": "a fork while another thread holds it",
    "_marshal": "another thread that changes the arguments in between",
    "_THAWERS": "an answer that no version can read",
    "_callbacks": "until all waiters wait: nothing public tells of them",
    "_self_memo": "the key builder of a function, to look at one of its steps",
    "_frozen": "what a recording holds beside its items",
    "_llm_memo_inner": "the transport below ours",
    "_llm_memo_site": "what two transports of one client share",
}
"""Private names of the package that tests use → what could not be brought about, or seen, without them."""


@pytest.mark.slow
def test_tests_use_the_public_surface() -> None:
    """Tests take a private name of the package only where nothing public does, for a reason that is written down."""
    package, used = set(), set()
    for path in ALL.values():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                package.add(node.name)
            elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
                package.add(node.id if isinstance(node, ast.Name) else node.attr)
    for path in files_of_tests("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) not in ("self", "cls"):
                used.add(node.attr)
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("patch.setattr"):
                used.update(each.value for each in node.args[1:2] if isinstance(each, ast.Constant))
    foreign = {"_client", "_transport", "_transport_for_url", "_pool", "_fields"}  # of httpx, the SDKs and Python
    private = {name for name in package & used if name[0] == "_" and name[-1] != "_"}
    assert set(PRIVATES) == private - foreign


def test_every_public_function_and_class_says_what_it_does() -> None:
    """Every public function, class and method of the package has a docstring."""
    bare = []
    for path in modules():
        module = importlib.import_module(".".join(("llm_memo", *path.relative_to(PACKAGE).with_suffix("").parts)))
        bare += [] if module.__doc__ else [module.__name__]
        for name, member in vars(module).items():
            if not name.startswith("_") and inspect.isfunction(member) and member.__module__ == module.__name__:
                bare += [] if member.__doc__ else [f"{module.__name__}.{name}"]
    assert [] == bare


TOPICS = {
    "behaviour": "what the library promises of any cached function: shapes, processes, errors, rare ways",
    "faults": "what folders, disks, clocks, users and other people do to a cache",
    "frameworks": "frameworks and SDKs, each as its users have it",
    "bench": "the benchmarks run",
    "test_house": "the rules of this repository",
    "test_notebooks": "the notebooks run",
    "test_readme": "the README and the guide run",
    "test_typing": "what type checkers see",
    "adapters/test_foreign_privates": "the private names of other libraries that adapters use",
    "cli/test_main": "how a command ends",
    "codec/test_stream_shapes": "streams of SDKs that have no adapter of their own",
    "identity/test_edits": "edits deep inside of what is read",
    "identity/test_forms_kept": "bytes that never change, on every Python",
    "identity/test_large": "large values that are edited in place",
    "identity/test_marimo": "notebooks of marimo",
    "identity/test_new_syntax": "what newer Pythons can say",
    "identity/test_pairs": "the corpus of pairs: programs before and after an edit",
    "identity/test_programs": "the corpus of programs: what each key is made of",
    "identity/test_random_programs": "random programs, cached and not",
    "identity/test_witness": "clients that are changed after the first call",
    "identity/test_witness_of_objects": "objects of frameworks that are changed after the first call",
    "requests/test_rare_requests": "lines that no ordinary request comes to",
    "requests/test_sdks": "real SDKs over real HTTP",
    "serve/test_command": "``llm-memo serve`` as a process",
    "serve/test_foreign_clients": "clients of other people, unmodified",
    "serve/test_leaving": "who leaves, and when",
}
"""A folder of tests, or a test file, that is of no single module → what it is about."""


def test_a_test_file_has_the_name_of_its_module() -> None:
    """``tests/stores/test_seal.py`` is about ``llm_memo/stores/seal.py``; any other file or its folder is a topic."""
    tests = Path(__file__).parent
    about = {path: path.relative_to(tests).with_suffix("").as_posix() for path in files_of_tests("test_*.py")}
    modules = {PACKAGE / path.parent.relative_to(tests) / path.name.removeprefix("test_"): path for path in about}
    others = {about[path] for module, path in modules.items() if not module.exists()}
    named = {name if name in TOPICS else name.partition("/")[0] for name in others}

    assert set(TOPICS) == named


def test_the_page_for_those_who_change_it_names_what_is_there() -> None:
    """Every file and name that `llm_memo/README.md` sends its reader to is in the package."""
    page = (PACKAGE / "README.md").read_text()
    source = "\n".join(path.read_text() for path in ALL.values())
    files = {path.name for path in ALL.values()}
    gone = []
    for quoted in re.findall(r"`([\w./]+)`", page):
        if quoted.endswith(".py"):
            missing = not (PACKAGE / quoted).is_file() and not ("/" not in quoted and quoted in files)
            missing = missing and not (PACKAGE.parent / quoted).is_file()
        else:
            missing = any(not re.search(rf"\b{re.escape(word)}\b", source) for word in re.findall(r"\w+", quoted))
        gone += [quoted] if missing else []

    assert [] == gone


def test_the_workflow_runs_every_python_of_the_table() -> None:
    """A Python that setup.cfg names, and `.ci/run` runs, has a job of its own on Linux."""
    root = PACKAGE.parent
    named = re.findall(r"Python :: (3\.\d+)\n", (root / "setup.cfg").read_text())
    workflow = (root / ".github" / "workflows" / "ci.yml").read_text()

    assert f"pythons=({' '.join(named)})" in (root / ".ci" / "run").read_text()
    assert f"python: {str(named).replace(chr(39), chr(34))}\n" in workflow
