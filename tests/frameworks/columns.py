"""The columns of the table: what is shown of each SDK and framework, in the order of `cases.COLUMNS`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import program
from answering import Answering
from cases import Case
from cases.case import CANARY

from llm_memo import Cache
from llm_memo.errors import MemoWarning
from llm_memo.stores.memory import MEMORY

TEXT = "Why is the sky blue?"


def forget() -> None:
    """Drop what this process remembers of entries, so that they are read from disk."""
    for path in list(MEMORY._held):
        MEMORY.drop(path)


@contextmanager
def quiet(but: str = "") -> Iterator[None]:
    """The cache says nothing, or nothing ``but`` what ends so."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        yield
    told = [str(each.message) for each in said if issubclass(each.category, MemoWarning)]
    assert [] == [text for text in told if not (but and text.endswith(but))]


def twice(ask: Callable[[], Any], server: Answering) -> None:
    """The second call sends nothing."""
    with quiet():
        ask()
        paid = server.asked
        assert paid
        forget()
        ask()
    assert paid == server.asked


def inside(case: Case, server: Answering) -> None:
    """It is made in the function."""
    twice(lambda: program.inside(TEXT), server)


def by_global(case: Case, server: Answering) -> None:
    """It is a global, and made anew for each call, as in each process."""

    def ask() -> None:
        program.put(case.make(server.url))
        program.by_global(TEXT)

    twice(ask, server)


def edited(case: Case, server: Answering) -> None:
    """With each other setting something is sent."""
    assert case.edits
    with quiet():
        for edit in ({}, *case.edits):
            settings = {**edit}
            program.put(case.make(server.url + settings.pop("url", ""), **settings))
            before = server.asked
            program.by_global(TEXT)
            assert server.asked > before, edit


def by_argument(case: Case, server: Answering) -> None:
    """It is an argument."""
    twice(lambda: program.by_argument(case.make(server.url), TEXT), server)


def by_self(case: Case, server: Answering) -> None:
    """It is an attribute of ``self``."""
    twice(lambda: program.Asker(case.make(server.url)).by_self(TEXT), server)


def streams(case: Case, server: Answering) -> None:
    """A stream comes again as one of its class, with equal items."""
    assert case.stream is not None
    program.put(case.make(server.url))
    with quiet():
        first = program.streamed(TEXT)
        said = program.items(first)
        paid = server.asked
        forget()
        again = program.streamed(TEXT)
        assert type(first) is type(again)
        assert [] != said == program.items(again)
        assert paid == server.asked


def values(case: Case, server: Answering) -> None:
    """What comes back is what was returned, to the letter, in another process too."""
    with quiet():
        first = program.inside(TEXT)
        paid = server.asked
        forget()
        again = program.inside(TEXT)
    assert paid == server.asked
    assert type(first) is type(again)
    assert program.portrait(first) == program.portrait(again)
    assert json.loads(json.dumps(program.portrait(first))) == _in_another_process(case, server)


def _in_another_process(case: Case, server: Answering) -> Any:
    done = subprocess.run(
        [sys.executable, str(Path(program.__file__)), case.name, server.url, TEXT],
        env=dict(os.environ), capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def cut(case: Case, server: Answering) -> None:
    """An answer that was cut off is bought again, and so is a stream; some frameworks raise what they are known to."""
    program.put(case.make(server.url))
    asks: list[Callable[[str], Any]] = [program.inside]
    if case.stream is not None:
        asks.append(lambda text: program.items(program.streamed(text)))
    with quiet(but=case.says):
        for ask in asks:
            paid = []
            for _ in range(2):
                try:
                    ask(f"{TEXT} CUT")
                except Exception as error:
                    if case.raises != type(error).__name__:
                        raise
                paid.append(server.asked)
            assert paid[0] < paid[1]
    assert 0 == len(Cache().entries())


def tokens(case: Case, server: Answering) -> None:
    """An entry has the tokens of all that was asked for it, and the model's name."""
    program.put(case.make(server.url))
    program.by_global(TEXT)
    [entry] = Cache().entries()
    assert (7 * server.asked, 3 * server.asked) == (entry.input_tokens, entry.output_tokens)
    assert case.unnamed is (entry.model is None)


def used(case: Case, server: Answering) -> None:
    """What was used for other questions finds the answer to the first, and so does what is made anew."""
    program.put(case.make(server.url))
    texts = ("one", "two", "three")
    with quiet():
        for text in texts:
            program.by_global(text)
        paid = server.asked
        for text in texts:
            program.by_global(text)
        program.put(case.make(server.url))
        program.by_global("one")
    assert paid == server.asked


def no_key(case: Case, server: Answering) -> None:
    """The key is in no file of the cache, whichever way the answer came there."""
    made = case.make(server.url)
    program.put(made)
    program.inside(TEXT)
    program.by_global(TEXT)
    program.by_argument(made, TEXT)
    program.Asker(made).by_self(TEXT)
    if case.stream is not None:
        program.items(program.streamed(TEXT))
    files = [path for path in Path(os.environ["LLM_MEMO_DIR"]).rglob("*") if path.is_file()]
    assert files
    assert [] == [path for path in files if CANARY.encode() in path.read_bytes()]


SHOWN: dict[str, Callable[[Case, Answering], None]] = {
    "in": inside, "global": by_global, "edit": edited, "argument": by_argument, "self": by_self, "stream": streams,
    "values": values, "cut": cut, "tokens": tokens, "used": used, "key": no_key,
}  # fmt: skip
"""Column → what is shown."""
