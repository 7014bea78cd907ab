"""Statements that only print, log or measure: free until something that they do says that they do more."""

from __future__ import annotations

import logging
import sys
import types
from collections import deque
from typing import Any

from llm_memo.identity.code.names import Attribute
from llm_memo.identity.code.uses import Group, Kind, Use
from llm_memo.identity.quiet import code_attribute, is_a
from llm_memo.identity.scan.chains import resolved_quietly
from llm_memo.identity.scan.followed import Followed
from llm_memo.identity.scan.own import is_subject
from llm_memo.identity.scan.part import Part
from llm_memo.identity.scan.reached import ORIGINALS, Made, Method, Reached, is_made
from llm_memo.identity.scan.state import State

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
_LOGGED_BY = frozenset({
    "debug", "info", "warning", "warn", "error", "critical", "exception", "log", "write", "writelines", "flush",
    "print",
    "update", "trace", "success", "bind", "inc", "dec", "observe", "set_attribute", "add_event", "set_description",
    "set_postfix", "set_postfix_str", "increment", "gauge", "timing", "histogram",
})  # fmt: skip
"""Methods by which a parameter may turn out to be a logger, a stream, a bar or a metric."""


# Statements ----------------------------------------------------------------------------------


def decide(scan: State) -> None:
    """Count the statements of which it is known by now that they do more than print or log."""
    for followed in list(scan.followed.values()):
        groups = deque(followed.groups)
        while groups:
            group = groups.popleft()
            if waits_for(followed, group) or _is_free(scan, followed, group):
                continue
            followed.groups.remove(group)
            followed.groups += group.parts
            groups += group.parts
            if Part(followed.label, "code", "") not in scan.parts and followed.analysis.has_tree:
                scan.part(followed.label, "statement", "", followed.analysis.statement_digest(group.place))
            for use in (*group.inside, *group.calls):
                scan.later("use", followed, use)


def waits_for(followed: Followed, group: Group) -> set[str]:
    """The parameters of the cached function itself that may be, or hold, a logger, and are not known yet."""
    if not followed.is_root:
        return set()
    chains = [use.ref.chain for each in (group, *group.parts) for use in each.calls]
    return {
        root.name
        for root, steps in chains
        if root.kind == "parameter" and not followed.bound.get(root.name)
        if steps and isinstance(steps[-1], Attribute) and steps[-1].name in _LOGGED_BY
    }


def _is_free(scan: State, followed: Followed, group: Group) -> bool:
    """Whether all that a statement does is to print or log."""
    free = bool(group.parts or group.calls)
    free = free and all(_only_says(scan, followed, use) for use in group.calls)
    free = free and all(_is_free(scan, followed, part) for part in group.parts)
    return free and not any(_is_own_call(scan, followed, use) for use in group.inside if use.kind is Kind.CALL)


def _only_says(scan: State, followed: Followed, use: Use) -> bool:
    """Whether a call prints or logs, whatever of it is meant."""
    said = [_says(at) for at in resolved_quietly(scan, followed, use._replace(statement=False))]
    if "print" in said and (scan.redirected or not _goes_to_console(scan, followed, use)):
        return False
    return bool(said) and all(said)


def _goes_to_console(scan: State, followed: Followed, use: Use) -> bool:
    """Whether ``print`` prints to standard output or error."""
    for given in use.given:
        if given.place == "file":
            uses = [Use(Kind.READ, ref) for ref in given.refs]
            found = [at for each in uses for at in resolved_quietly(scan, followed, each)]
            return bool(found) and all(_is_log_stream(at.value) for at in found)
    return True


def _is_own_call(scan: State, followed: Followed, use: Use) -> bool:
    """Whether a call may be one of own code, which may do anything."""
    found = resolved_quietly(scan, followed, use)
    return not found or any(map(_is_own_code, found))


def _is_own_code(at: Reached) -> bool:
    if is_made(at):
        return not is_a(at.value, Made)
    return callable(at.value) and (is_subject(at.value) or is_a(at.value, types.MethodType))


# Calls -----------------------------------------------------------------------------------------


def _says(at: Reached) -> str:
    """What a call does that is a statement of its own: ``"print"``, ``"log"``, or "" if it is no log."""
    value, holder = at.value, at.holder
    name = value.name if is_a(value, (Made, Method)) else code_attribute(value, "__name__")
    if value is ORIGINALS["print"] or (name in _TEXT and _is_console(_object_of(value, holder))):
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
        return name in _CONSOLE and not holder.record and (file is None or _is_log_stream(file))
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


def _is_console(stream: Any) -> bool:
    """Whether a stream is standard output or standard error."""
    return any(stream is each for each in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__))


def _is_log_stream(stream: Any) -> bool:
    """Whether what is printed to a stream is not read again: a console, or a file that is only written."""
    return _is_console(stream) or (
        type(stream).__module__ in ("_io", "io") and _is_only_written(getattr(stream, "mode", ""))
    )


def _is_only_written(mode: object) -> bool:
    return is_a(mode, str) and bool(set(mode) & set("wax")) and "+" not in mode
