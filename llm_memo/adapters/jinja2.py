"""Jinja's templates and environments, in keys."""

from __future__ import annotations

import functools
import importlib
from types import CodeType
from typing import Any

_OPTIONS = (
    "block_start_string", "block_end_string", "variable_start_string", "variable_end_string",
    "comment_start_string", "comment_end_string", "line_statement_prefix", "line_comment_prefix",
    "trim_blocks", "lstrip_blocks", "newline_sequence", "keep_trailing_newline", "undefined", "finalize",
    "autoescape", "loader",
)  # fmt: skip
_OF_A_LOADER = ("mapping", "searchpath", "loaders", "load_func", "package_name", "package_path", "prefix")


def canonical_form(value: Any) -> tuple[str, object] | None:
    """A template is what it was compiled to and its environment; an environment its options and what was added to it.

    A loader is where it looks: files are not opened.
    """
    import jinja2

    if isinstance(value, jinja2.Template):
        blocks = [(name, _code(block.__code__)) for name, block in sorted(value.blocks.items())]
        shared = value.environment.globals
        own = {name: item for name, item in value.globals.items() if item is not shared.get(name)}
        code = _code(value.root_render_func.__code__)
        return "template of jinja2", (type(value), code, blocks, own, value.environment)
    if isinstance(value, jinja2.Environment):
        options = [(name, getattr(value, name)) for name in _OPTIONS]
        added = [{name: held[name] for name in names} for held, names in _added(value)]
        extensions = [(name, type(extension)) for name, extension in sorted(value.extensions.items())]
        return "environment of jinja2", (type(value), options, added, extensions)
    if isinstance(value, jinja2.BaseLoader) and type(value).__module__.partition(".")[0] == "jinja2":
        held = vars(value)
        return "loader of jinja2", (type(value), {name: held[name] for name in _OF_A_LOADER if name in held})
    return None


def _added(environment: Any) -> list[tuple[dict[str, Any], list[str]]]:
    """The filters, tests, globals and policies of an environment, and the names of those that are not Jinja's own."""
    defaults: Any = importlib.import_module("jinja2.defaults")
    known = (
        defaults.DEFAULT_FILTERS,
        defaults.DEFAULT_TESTS,
        defaults.DEFAULT_NAMESPACE,
        defaults.DEFAULT_POLICIES,
    )
    held = (environment.filters, environment.tests, environment.globals, environment.policies)
    return [
        (mine, sorted(name for name, item in mine.items() if item is not theirs.get(name)))
        for mine, theirs in zip(held, known, strict=True)
    ]


@functools.lru_cache(maxsize=256)
def _code(code: CodeType) -> bytes:
    from llm_memo.identity.code.fallback import bytecode_digest

    return bytecode_digest(code)
