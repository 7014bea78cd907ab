"""Calls that only print, log or measure: what they are given does not count."""

from __future__ import annotations

import logging
import sys
import types
from typing import Any

from llm_memo.identity.scan.reached import Made, Method, Reached

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
    if value is print:
        return "print"
    if isinstance(value, Made):
        return _made(value)
    if isinstance(value, Method):
        return _method(value.name, holder)
    if type(value) is types.MethodType:
        return _method(value.__name__, value.__self__)
    if isinstance(value, types.BuiltinFunctionType) and not isinstance(value.__self__, (types.ModuleType, type)):
        return _method(value.__name__, value.__self__)
    if isinstance(value, (types.FunctionType, types.MethodDescriptorType)) and holder is not None:
        return _method(value.__name__, holder)
    module = _top(getattr(value, "__module__", None))
    if module in _METRICS:
        return "log"
    name = getattr(value, "__name__", "")
    return "log" if module in _LOGGERS and callable(value) and name not in _SETUP else ""


def _top(module: object) -> str:
    return str(module or "").partition(".")[0].lstrip("_")


def _method(name: str, holder: Any) -> str:
    """A method of an object: a logger, a stream, a bar, a console, a metric."""
    if name in _TEXT and is_console(holder):
        return "print"
    kind = type(holder)
    top = _top(kind.__module__)
    if isinstance(holder, (logging.Logger, logging.LoggerAdapter)) or top in _LOGGERS:
        return "" if name in _SETUP else "log"
    if top in _METRICS:
        return "log"
    if top == "tqdm":
        return "log" if name in _BAR or name.startswith("set_") else ""
    if top == "rich" and kind.__name__ == "Console":
        file = getattr(holder, "_file", None)
        plain = not holder.record and (file is None or is_log_stream(file))
        return "log" if name in _CONSOLE and plain else ""
    if top in ("io", "_io", "tempfile"):
        mode = getattr(holder, "mode", "")
        return "log" if name in _TEXT and _is_only_written(mode) else ""
    return ""


def is_console(stream: Any) -> bool:
    """Whether a stream is standard output or standard error."""
    return any(stream is each for each in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__))


def is_log_stream(stream: Any) -> bool:
    """Whether what is printed to a stream is not read again: a console, or a file that is only written."""
    return is_console(stream) or (
        type(stream).__module__ in ("_io", "io") and _is_only_written(getattr(stream, "mode", ""))
    )


def _is_only_written(mode: object) -> bool:
    return isinstance(mode, str) and bool(set(mode) & set("wax")) and "+" not in mode


def _made(made: Made) -> str:
    """A method of what a call returned: ``logging.getLogger(…).info``, ``open(…, "w").write``."""
    origin, top = made.origin, _top(getattr(made.origin, "__module__", None))
    if origin is open or getattr(origin, "__name__", "") == "open":
        return "log" if made.name in _TEXT and _is_only_written(made.mode) else ""
    if top in _METRICS or top in _LOGGERS or isinstance(origin, logging.Logger):
        return "log" if made.name not in _SETUP else ""
    if top == "tqdm":
        return "log" if made.name in _BAR or made.name.startswith("set_") else ""
    return "log" if _top(type(origin).__module__) in _METRICS | _LOGGERS else ""
