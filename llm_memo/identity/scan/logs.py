"""Calls that only print, log or measure: what they are given does not count."""

from __future__ import annotations

import logging
import sys
import types
from typing import Any

from llm_memo.identity.quiet import code_attribute, is_a
from llm_memo.identity.scan.reached import ORIGINALS, Made, Method, Reached

_LOGGERS = frozenset({"logging", "loguru", "structlog", "warnings"})
_METRICS = frozenset({
    "prometheus_client", "opentelemetry", "wandb", "mlflow", "langfuse", "statsd", "datadog", "ddtrace", "sentry_sdk",
    "newrelic", "logfire", "neptune", "comet_ml", "aim", "clearml", "tensorboardX", "langsmith", "phoenix",
})  # fmt: skip
"""Packages for metrics and tracing, by the name that is imported."""
_TEXT = frozenset({"write", "writelines", "flush", "close"})
_BAR = frozenset({"update", "write", "refresh", "close", "reset", "display"})
_CONSOLE = frozenset({"print", "log", "rule", "out", "line", "print_json", "print_exception", "status", "bell"})
_SETUP = frozenset({"basicConfig", "dictConfig", "fileConfig", "setLoggerClass", "addHandler", "addFilter"})


def says(at: Reached) -> str:
    """What a call does that is a statement of its own: ``"print"``, ``"log"``, or "" if it is no log."""
    value, holder = at.value, at.holder
    name = value.name if is_a(value, (Made, Method)) else code_attribute(value, "__name__")
    if value is ORIGINALS["print"] or (name in _TEXT and is_console(_object_of(value, holder))):
        return "print"
    if is_a(value, Made):
        logs = _made(value)
    elif (bound_to := _object_of(value, holder)) is not None:
        logs = _method(name, bound_to)
    else:
        logs = _is_logged_by(_top(value), name)
    return "log" if logs else ""


def _object_of(value: Any, holder: Any) -> Any:
    """The object that a method belongs to; None of what is no method."""
    if type(value) is types.MethodType:
        return value.__self__
    if is_a(value, types.BuiltinFunctionType):
        return None if is_a(value.__self__, (types.ModuleType, type)) else value.__self__
    return holder if is_a(value, (Method, types.FunctionType, types.MethodDescriptorType)) else None


def _top(thing: Any) -> str:
    """The package that a thing comes from, without the underscore of one in C."""
    return str(code_attribute(thing, "__module__", type(thing).__module__) or "").partition(".")[0].lstrip("_")


def _is_logged_by(package: str, name: str) -> bool:
    """Whether what is called so in a package only logs or measures."""
    if package == "tqdm":
        return name in _BAR or name.startswith("set_")
    return package in _METRICS or (package in _LOGGERS and name not in _SETUP)


def _method(name: str, holder: Any) -> bool:
    """A method of an object: a logger, a console, a file that is only written, or what a package has."""
    kind = type(holder)
    if is_a(holder, (logging.Logger, logging.LoggerAdapter)):
        return name not in _SETUP
    if _top(kind) == "rich" and kind.__name__ == "Console":
        file = getattr(holder, "_file", None)
        return name in _CONSOLE and not holder.record and (file is None or is_log_stream(file))
    if _top(kind) in ("io", "tempfile"):
        return name in _TEXT and _is_only_written(getattr(holder, "mode", ""))
    return _is_logged_by(_top(holder if is_a(holder, type) else kind), name)


def _made(made: Made) -> bool:
    """A method of what a call returned: ``logging.getLogger(…).info``, ``open(…, "w").write``."""
    origin = made.origin
    if origin is ORIGINALS["open"] or code_attribute(origin, "__name__") == "open":
        return made.name in _TEXT and _is_only_written(made.mode)
    if is_a(origin, logging.Logger):
        return made.name not in _SETUP
    return any(_is_logged_by(_top(each), made.name) for each in (origin, type(origin)))


def is_console(stream: Any) -> bool:
    """Whether a stream is standard output or standard error."""
    return any(stream is each for each in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__))


def is_log_stream(stream: Any) -> bool:
    """Whether what is printed to a stream is not read again: a console, or a file that is only written."""
    return is_console(stream) or (
        type(stream).__module__ in ("_io", "io") and _is_only_written(getattr(stream, "mode", ""))
    )


def _is_only_written(mode: object) -> bool:
    return is_a(mode, str) and bool(set(mode) & set("wax")) and "+" not in mode
