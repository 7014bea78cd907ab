"""Statements that may only print or log: they are free until something that they do says that they are not."""

from __future__ import annotations

import types
from collections import deque

from llm_memo.identity.code.names import Attribute
from llm_memo.identity.code.uses import Group, Kind, Use
from llm_memo.identity.quiet import is_a
from llm_memo.identity.scan import logs
from llm_memo.identity.scan.chains import resolved_quietly
from llm_memo.identity.scan.followed import Followed
from llm_memo.identity.scan.own import is_subject
from llm_memo.identity.scan.part import Part
from llm_memo.identity.scan.reached import Made, Reached, is_made
from llm_memo.identity.scan.state import State

_LOGGED_BY = frozenset({
    "debug", "info", "warning", "warn", "error", "critical", "exception", "log", "write", "writelines", "flush",
    "print",
    "update", "trace", "success", "bind", "inc", "dec", "observe", "set_attribute", "add_event", "set_description",
    "set_postfix", "set_postfix_str", "increment", "gauge", "timing", "histogram",
})  # fmt: skip
"""Methods by which a parameter may turn out to be a logger, a stream, a bar or a metric."""


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
    said = [logs.says(at) for at in resolved_quietly(scan, followed, use._replace(statement=False))]
    if "print" in said and (scan.redirected or not _goes_to_console(scan, followed, use)):
        return False
    return bool(said) and all(said)


def _goes_to_console(scan: State, followed: Followed, use: Use) -> bool:
    """Whether ``print`` prints to standard output or error."""
    for given in use.given:
        if given.place == "file":
            uses = [Use(Kind.READ, ref) for ref in given.refs]
            found = [at for each in uses for at in resolved_quietly(scan, followed, each)]
            return bool(found) and all(logs.is_log_stream(at.value) for at in found)
    return True


def _is_own_call(scan: State, followed: Followed, use: Use) -> bool:
    """Whether a call may be one of own code, which may do anything."""
    found = resolved_quietly(scan, followed, use)
    return not found or any(map(_is_own_code, found))


def _is_own_code(at: Reached) -> bool:
    if is_made(at):
        return not is_a(at.value, Made)
    return callable(at.value) and (is_subject(at.value) or is_a(at.value, types.MethodType))
