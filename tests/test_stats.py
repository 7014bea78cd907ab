"""What happened is counted, in whatever thread and process it happened."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from llm_memo import CacheInfo, CacheMiss, NotStored, cache_policy, cached_completion, completion_usage
from llm_memo.display.shown import text_of
from llm_memo.stats import Counters


@pytest.mark.slow
def test_counts_are_right_under_threads() -> None:
    """No count is lost when many threads call at once."""

    @cached_completion
    def ask(number: int) -> int:
        completion_usage(model="gpt-4o", input_tokens=3, output_tokens=4)
        return number

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, [number % 50 for number in range(5000)]))
    info = ask.cache_info()
    assert (4950, 50, 5000, 50) == (info.hits, info.misses, info.calls, info.paid)
    assert (7 * 50, 7 * 4950) == (info.tokens_spent, info.tokens_saved)


def test_each_outcome_has_its_count() -> None:
    """Hits, misses, refreshes, bypasses and errors are counted apart, and cleared together."""

    @cached_completion
    def ask(text: str) -> str:
        if text == "bad":
            raise ValueError(text)
        return text

    ask("a")
    ask("a")
    with cache_policy("writeOnly"):
        ask("a")
    with cache_policy("off"):
        ask("a")
    for _ in range(2):
        try:
            ask("bad")
        except ValueError:
            pass
    info = ask.cache_info()
    assert (1, 1, 1, 1, 0, 2) == (info.hits, info.misses, info.refreshes, info.bypasses, info.stale, info.errors)
    ask.cache_clear()
    assert 0 == ask.cache_info().calls == ask.cache_info().errors


def test_usage_of_several_models_is_kept_apart() -> None:
    """Tokens are added up by model, also when one call asked several."""

    @cached_completion
    def ask(text: str) -> str:
        completion_usage(model="gpt-4o", input_tokens=1)
        completion_usage(model="gpt-4o-mini", output_tokens=2)
        return text

    for _ in range(3):
        ask("a")
    info = ask.cache_info()
    assert {("gpt-4o", 2, 0), ("gpt-4o-mini", 0, 4)} == {
        (usage.model, usage.input_tokens, usage.output_tokens) for usage in info.saved
    }
    assert (3, 6) == (info.tokens_spent, info.tokens_saved)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")  # so it is, and shall work
def test_a_child_process_counts_for_itself() -> None:
    """A forked child can count, whatever its parent's threads were doing."""
    import multiprocessing

    @cached_completion
    def ask(number: int) -> int:
        return number

    ask(1)
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)

    def child(send: Any) -> None:
        ask(1)
        send.send(ask.cache_info().hits)

    process = context.Process(target=child, args=(send,))
    process.start()
    assert 1 == receive.recv()
    process.join()
    receive.close()
    send.close()
    assert 0 == ask.cache_info().hits


REDEFINED = """
from llm_memo import cached_completion

@cached_completion
def ask(text):
    return text.upper()

class Helper:
    @cached_completion
    def ask(self, text):
        return text

    @classmethod
    @cached_completion
    def of(cls, text):
        return text

    @cached_completion
    @staticmethod
    def plain(text):
        return text
"""


@pytest.mark.parametrize("name", ["ask", "Helper().ask", "Helper.of", "Helper.plain"])
def test_a_function_that_is_defined_again_goes_on_counting(name: str) -> None:
    """Run again, a cell's functions and methods keep their counts: two paid and two hits are half of four calls."""
    cell: dict[str, Any] = {"__name__": "a_notebook"}
    for texts in ("aa", "ba"):
        exec(REDEFINED, cell)
        for text in texts:
            eval(name, cell)(text)
    info = eval(name, cell).cache_info()
    assert (2, 2, 4) == (info.hits, info.misses, info.calls)
    assert "50% of 4 calls" in eval(name, cell)._repr_html_()
    eval(name, cell).cache_clear()
    exec(REDEFINED, cell)
    assert 0 == eval(name, cell).cache_info().calls


def test_another_function_begins_its_own_counts() -> None:
    """What has another name, is local, or replaces something else counts from nought."""
    cell: dict[str, Any] = {"__name__": "a_notebook"}
    exec(REDEFINED, cell)
    cell["ask"]("a")
    exec(REDEFINED.replace("@cached_completion\ndef ask", "@cached_completion(name='renamed')\ndef ask"), cell)
    assert 0 == cell["ask"].cache_info().calls
    cell["ask"] = print
    exec(REDEFINED, cell)
    assert 0 == cell["ask"].cache_info().calls
    infos = []
    for _ in range(2):

        @cached_completion
        def local(text: str) -> str:
            return text

        local("a")
        infos.append(local.cache_info().calls)
    assert [1, 1] == infos


@pytest.mark.parametrize("answer", ["", " ", "\n"])
def test_why_an_answer_was_not_kept_is_told(answer: str) -> None:
    """An empty answer is returned and not kept: cache_info and explain say why, and cache_if can keep it."""

    @cached_completion
    def ask(text: str) -> str:
        return answer

    assert answer == ask("a")
    assert {"an empty answer": 1} == ask.cache_info().not_stored_because
    ask("a")
    assert {"an empty answer": 2} == ask.cache_info().not_stored_because
    assert "an empty answer" in repr(ask.cache_info())
    assert "its last answer was returned and not kept: an empty answer (cache_if=" in str(ask.explain("a"))
    assert "no answer of" in ask.explain("b").reason
    with pytest.raises(CacheMiss, match="not kept: an empty answer"):
        ask.with_options(policy="replay")("a")
    keeping = ask.with_options(cache_if=lambda text: True)
    assert [answer, answer] == [keeping("a"), keeping("a")]
    assert 1 == ask.cache_info().hits
    ask.cache_clear()
    assert {} == ask.cache_info().not_stored_because


def test_other_reasons_are_told_too() -> None:
    """What cache_if refuses, and what cannot be stored, is counted by its reason."""

    @cached_completion(cache_if=lambda answer: answer != 1)
    def ask(number: int) -> Any:
        return number if number < 3 else open("/dev/null")

    for number in (1, 1, 2):
        ask(number)
    with pytest.warns(NotStored), ask(3):
        pass
    because = ask.cache_info().not_stored_because
    assert 2 == because.pop("cache_if said no")
    assert ["Unfreezable"] == list(because)
    assert "3 not stored: cache_if said no (2 ×), Unfreezable" in text_of(ask.cache_info())


def test_reasons_do_not_pile_up() -> None:
    """Of thousands of reasons and calls the latest are known, and the rest are counted together."""
    counters = Counters()
    for number in range(3_000):
        counters.not_stored(f"reason {number}", f"key {number}")
    because = counters.info().not_stored_because
    assert 51 == len(because)
    assert 3_000 == sum(because.values())
    assert ("", "reason 2999") == (counters.why_not_stored("key 0"), counters.why_not_stored("key 2999"))
    both = CacheInfo.sum([counters.info(), counters.info()])
    assert 6_000 == sum(both.not_stored_because.values())
