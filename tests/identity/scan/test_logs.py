"""Statements that only print, log or measure: what they are given does not count."""

from __future__ import annotations

import pytest
from cells import Cell

HEAD = """
import contextlib, functools, io, logging, sys, tempfile, types, warnings
from logging import getLogger, info
A = "a"
LOG = logging.getLogger("a")
class Own:
    def info(self, text): self.text = text
    def write(self, text): return text
own = Own()
held = types.SimpleNamespace(log=LOG)
text = io.StringIO()
def helper(x): return A
def to(log, x): log.info(A)
"""

FREE = [
    "print(A)",
    "print(A, x, sep='', file=sys.stderr)",
    "LOG.info(A)",
    "LOG.info('%s', A, extra={'x': A})",
    "held.log.warning(A)",
    "logging.info(A)",
    "info(A)",
    "getLogger('b').debug(A)",
    "logging.getLogger(__name__).debug(A)",
    "warnings.warn(A)",
    "sys.stderr.write(A)",
    "sys.stdout.flush()",
    "if A: LOG.info(x)",
    "if A: print(x)\n else: LOG.info(A)",
    "log = LOG\n log.info(A)",
    "LOG.info(len(A))",
    "to(LOG, x)",
]

COUNTS = [
    "own.info(A)",
    "own.write(A)",
    "text.write(A)",
    "print(A, file=text)",
    "LOG.info(helper(x))",
    "if helper(x): LOG.info(A)",
    "if A: helper(x)",
    "logging.basicConfig(format=A)",
    "LOG.addHandler(A)",
    "x.append(A)",
    "to(own, x)",
    "y = LOG.info(A)",
    "LOG.info((y := A))",
    "with contextlib.redirect_stdout(text): print(A)",
    "sys.stdout = text\n print(A)",
    "return print(A)",
]


def reads_the_global(body: str) -> bool:
    """Whether ``A`` makes a difference to a function with this body."""
    one, two = (Cell(f"{HEAD}\n{change}\ndef f(x=None):\n {body}\n return x\n", "logs") for change in ("", "A = 'b'"))
    return one.now().digest != two.now().digest


@pytest.mark.parametrize("body", FREE)
def test_what_only_logs_is_free(body: str) -> None:
    """What goes to a console, a logger or a warning does not come back into the answer."""
    assert not reads_the_global(body)
    assert [] == Cell(f"{HEAD}\ndef f(x=None):\n {body}\n return x\n", "logs").now().scan.left


@pytest.mark.parametrize("body", FREE[:-4])
def test_a_log_may_come_and_go(body: str) -> None:
    """The statement itself is not in the key."""
    one, two = (Cell(f"{HEAD}\ndef f(x=None):\n {text}\n return x\n", "logs") for text in (body, "pass"))
    assert one.now().digest == two.now().digest


@pytest.mark.parametrize("body", COUNTS)
def test_what_may_come_back_counts(body: str) -> None:
    """What own code, an open stream or a handler is given, or whose result is used, counts."""
    assert reads_the_global(body)


@pytest.mark.parametrize(
    ("body", "change"),
    [
        ("LOG.info(A)", "LOG = own"),
        ("held.log.info(A)", "held.log = own"),
        ("info(A)", "info = helper"),
        ("print(A)", "print = helper"),
        ("sys.stderr.write(A)", "sys = types.SimpleNamespace(stderr=text)"),
    ],
)
def test_a_logger_that_is_replaced(body: str, change: str) -> None:
    """As soon as a name is no logger any more, what it is given counts."""
    cell = Cell(f"{HEAD}\ndef f(x=None):\n {body}\n return x\n")
    before = cell.now()
    assert before is cell.now()
    cell.run(change)
    assert before.digest != cell.now().digest
