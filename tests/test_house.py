"""The house rules, held by tests: exported names, layers of imports, light imports."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import llm_memo

PACKAGE = Path(llm_memo.__file__).parent

FLOORS = [
    {"testing"},
    {"errors", "location", "settings", "options", "runtime", "display"},
    {"identity", "codec", "answers", "adapters", "stores"},
    {"singleflight", "stats", "explain"},
    {"call", "persist"},
    {"items", "progress"},
    {"shapes", "decorator", "batch", "pickling", "cache", "requests"},
    {"views", "notebook", "cli", "demo"},
]
"""Imports point up this list, or stay on a floor."""


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


def package_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The packages that a module imports at its top level (an import inside a function is a door, not a wall)."""
    found = set()
    for node in _top_level(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("llm_memo"):
            parts = node.module.split(".")
            names = [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
            found.update(names)
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[1] for alias in node.names if alias.name.startswith("llm_memo."))
    return found


def _top_level(tree: ast.Module) -> list[ast.stmt]:
    return [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    """No module imports from a floor above its own."""
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    front_door = floor["decorator"]
    here = floor[package_of(path)]
    assert set() == {name for name in imported(path) if floor.get(name, front_door) > here}


def test_no_module_imports_the_test_server() -> None:
    """The test server is imported by the demo alone, and imports nothing of the library's."""
    assert {"demo"} >= {package_of(path) for path in modules() if "testing" in imported(path)}
    for path in (PACKAGE / "testing").glob("*.py"):
        assert imported(path) <= {"testing"}


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
)


def test_importing_and_decorating_loads_nothing_heavy() -> None:
    """Importing llm_memo and decorating a function loads none of the libraries it can do without."""
    text = (
        "import sys; from llm_memo import cached_completion\n"
        "@cached_completion\ndef f(text): return text\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert "[]\n" == done.stdout


def test_a_hit_on_text_loads_joblib_and_nothing_more_of_these() -> None:
    """joblib comes with the first read or write, the other libraries with their types."""
    text = (
        "import sys; from llm_memo import cached_completion\n"
        "@cached_completion\ndef f(text): return text\n"
        "f('a'); f('a')\n"
        f"print(sorted(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert {"joblib", "filelock"} <= set(ast.literal_eval(done.stdout)) <= {"joblib", "filelock", "numpy"}


def test_every_test_says_what_it_shows() -> None:
    """Every test has a docstring, which is its specification."""
    bare = [
        f"{path.name}::{node.name}"
        for path in Path(__file__).parent.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
        if not ast.get_docstring(node)
    ]
    assert [] == bare


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
