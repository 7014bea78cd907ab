"""What is reached through modules and the environment: imports, attributes of modules, variables."""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import os
import pathlib
import sys
import types
from typing import Any

from llm_memo import location
from llm_memo.identity.code import source
from llm_memo.identity.local import is_own, is_own_file, is_own_module
from llm_memo.identity.quiet import MISSING, is_a
from llm_memo.identity.scan.reached import Reached, item_of, opaque
from llm_memo.identity.scan.state import State


def imported(scan: State, function: types.FunctionType, name: str, always: bool) -> list[Reached]:
    """The module that an ``import`` in a function leads to; one of one's own is imported as the call would."""
    absolute = _absolute(name, function.__globals__)
    if absolute is None:
        return [opaque(name)]
    module = sys.modules.get(absolute)
    if module is None and _is_own_name(absolute):
        if always:
            module = _import(absolute)
        else:
            scan.part("", "import", absolute, _file_digest(absolute))
            return [opaque(name)]
    if module is None:
        is_there = _spec(absolute.partition(".")[0]) is not None
        scan.part("", "import", absolute, b"installed" if is_there else b"absent")
        return [opaque(name)]
    if module is not sys.modules.get(absolute):
        return [opaque(name)]
    scan.guards.name(sys.modules, absolute, module)
    return [Reached(module, name, place=(id(sys.modules), absolute))]


def _absolute(name: str, names: dict[str, Any]) -> str | None:
    if not name.startswith("."):
        return name
    package = names.get("__package__") or str(names.get("__name__", "")).rpartition(".")[0]
    try:
        return importlib.util.resolve_name(name, package) if package else name.lstrip(".") or None
    except ImportError:
        return None


def _import(name: str) -> types.ModuleType | None:
    try:
        return importlib.import_module(name)
    except Exception:  # as the call will find out
        return None


def _spec(name: str) -> Any:
    """Where a module would be loaded from; None if there is none, or a part of its name cannot be imported."""
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None


def _is_own_name(name: str) -> bool:
    """Whether a module that is not loaded yet is the user's own."""
    top = name.partition(".")[0]
    spec = None if top in sys.stdlib_module_names else _spec(top)
    return spec is not None and (is_own_module(top) if top in sys.modules else is_own_file(spec.origin))


def _file_digest(name: str) -> bytes:
    """A digest of the file of an own module that is not loaded, and of the own files that it imports."""
    import ast

    found, todo = {}, [name]
    while todo:
        each = todo.pop()
        try:
            spec = importlib.util.find_spec(each) if _is_own_name(each) else None
            data = pathlib.Path(spec.origin).read_bytes()  # type: ignore[union-attr, arg-type]
            tree = source.parsed(data)
        except Exception:
            continue
        if tree is None:
            continue
        found[each] = hashlib.blake2b(data, digest_size=16).digest()
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                package = each if spec is not None and spec.submodule_search_locations else each.rpartition(".")[0]
                base = _absolute("." * node.level + (node.module or ""), {"__package__": package})
                names = [base, *(f"{base}.{alias.name}" for alias in node.names)] if base else []
            todo += [other for other in names if other not in found]
    return b"".join(digest for _, digest in sorted(found.items()))


def attribute(scan: State, module: types.ModuleType, name: str, text: str) -> list[Reached] | None:
    """``module.name``: what is in it, a submodule, or what its ``__getattr__`` gives."""
    names = vars(module)
    place = (id(names), name)
    if scan.is_ignored(place):
        return []
    if name not in names and "__path__" in names and _is_own_name(f"{module.__name__}.{name}"):
        _import(f"{module.__name__}.{name}")
    if module is os and name == "environ":
        return [Reached(os.environ, text)]
    if name in names:
        value = item_of(names, name)
        scan.guards.name(names, name, names[name])
        return [Reached(value, text, place=place)]
    scan.guards.no_name(names, name)
    getter = names.get("__getattr__")
    if getter is None:
        return [Reached(MISSING, text, place=place)]
    if is_own(module):
        scan.guards.name(names, "__getattr__", getter)
        scan.enter(getter)
        return [opaque(text)]
    scan.part("", "installed", f"{module.__name__}.{name}", b"")
    return [opaque(text)]


def variable(scan: State, name: object) -> Reached:
    """A variable of the environment."""
    if not is_a(name, str):
        return opaque("os.environ[…]")
    text = f"os.environ[{name!r}]"
    get = functools.partial(os.environ.get, name)
    scan.guards.same(get, get())
    value = get()
    return Reached(MISSING if value is None else value, text, place=(id(os.environ), name))


def place_in_project(value: Any, function: types.FunctionType) -> str | None:
    """Where a path lies in the project of a function; None if it is no path in it."""
    if not is_a(value, pathlib.PurePath) or not value.is_absolute():
        return None
    file = function.__globals__.get("__file__")
    if not isinstance(file, str):
        return None
    folder = os.path.dirname(os.path.abspath(file))
    try:
        return value.relative_to(location.project_of(folder) or folder).as_posix()
    except ValueError:
        return None
