"""Policies, durations and the one rule of precedence."""

from __future__ import annotations

import asyncio
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from llm_memo import CachePolicy, InvalidOption, StoreError, cache_policy, cached_completion, configure
from llm_memo.options import seconds
from llm_memo.settings import SCOPES, EffectiveSettings


@pytest.fixture(autouse=True)
def _configured() -> Any:
    before = SCOPES.configured
    yield
    SCOPES.configured = before


@cached_completion
def ask(text: str) -> str:
    return text


def policy_of(function: Any = ask) -> str:
    return str(function.cache_parameters()["policy"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (CachePolicy.READ_WRITE, "readWrite"),
        ("readWrite", "readWrite"),
        ("read_write", "readWrite"),
        ("READ-ONLY", "readOnly"),
        ("write_only", "writeOnly"),
        (True, "readWrite"),
        (False, "off"),
        ("replay", "replay"),
    ],
)
def test_a_policy_has_several_names(given: Any, expected: str) -> None:
    """A policy is named by its member, OpenPipe's name, a Python name, True or False."""
    assert expected == CachePolicy(given).value == str(CachePolicy(given)) == f"{CachePolicy(given)}"


@pytest.mark.parametrize("given", ["readwrites", "", 1, None, 0, [], "on"])
def test_another_policy_is_an_error_that_lists_them(given: Any) -> None:
    """What is no policy is a ValueError that lists the policies."""
    with pytest.raises(ValueError, match=r"'readWrite', 'readOnly', 'writeOnly', 'off', 'replay'") as error:
        cached_completion(policy=given)
    assert InvalidOption is error.type


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (90, 90.0),
        (0, 0.0),
        (0.5, 0.5),
        ("90", 90.0),
        ("90s", 90.0),
        ("15m", 900.0),
        ("12h", 43200.0),
        ("7d", 604800.0),
        ("1w", 604800.0),
        (" 1.5 h ", 5400.0),
        (timedelta(days=1), 86400.0),
        (None, None),
        ("never", None),
        (math.inf, None),
    ],
)
def test_a_duration_is_seconds_a_timedelta_or_text(given: Any, expected: float | None) -> None:
    """A duration is seconds, a timedelta or text with a unit; None is for ever."""
    assert expected == seconds(given)


@pytest.mark.parametrize("given", ["7 days", "", "d", "-1s", -1, True, math.nan, timedelta(-1), [], "1y"])
def test_another_duration_is_an_error(given: Any) -> None:
    """What is no duration is an error that shows what one looks like."""
    with pytest.raises(InvalidOption, match=r"'90s', '15m', '12h', '7d' or '1w'"):
        cached_completion(ttl=given)


def test_the_nearest_scope_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """with_options beats a block, a block the decorator, that configure, that the environment, that the default."""
    decorated = cached_completion(policy="writeOnly")(ask.__wrapped__)
    monkeypatch.setenv("LLM_MEMO_POLICY", "replay")
    with configure(policy="off"):
        with cache_policy("readOnly"):
            assert "readWrite" == policy_of(decorated.with_options(policy="readWrite"))
            assert "readOnly" == policy_of(decorated)
            assert "readOnly" == policy_of(ask)
        assert "writeOnly" == policy_of(decorated)
        assert "off" == policy_of(ask)
    assert "replay" == policy_of(ask)
    monkeypatch.delenv("LLM_MEMO_POLICY")
    assert "readWrite" == policy_of(ask)


def test_the_rule_holds_for_ttl_and_cache_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The rule of precedence is the same for ttl and cache_dir, and an explicit None or 0 is a value."""
    monkeypatch.setenv("LLM_MEMO_TTL", "1w")
    monkeypatch.setenv("LLM_MEMO_DIR", str(tmp_path / "environment"))

    def now(function: Any) -> tuple[float | None, str]:
        parameters = function.cache_parameters()
        return parameters["ttl"], Path(parameters["cache_dir"]).name

    decorated = cached_completion(ttl=3, cache_dir=tmp_path / "decorator")(ask.__wrapped__)
    with configure(ttl=4, cache_dir=tmp_path / "configure"):
        with cache_policy(ttl=2, cache_dir=tmp_path / "block"):
            assert (0, "call") == now(decorated.with_options(ttl=0, cache_dir=tmp_path / "call"))
            assert (None, "block") == now(decorated.with_options(ttl=None))
            assert (2, "block") == now(decorated)
        assert (3, "decorator") == now(decorated)
        assert (4, "configure") == now(ask)
    assert (604800, "environment") == now(ask)


def test_settings_are_read_when_the_call_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scope that changes after decoration counts at the next call."""
    assert "readWrite" == policy_of()
    monkeypatch.setenv("LLM_MEMO_POLICY", "off")
    assert "off" == policy_of()
    configure(policy="replay")
    assert "replay" == policy_of()
    configure(ttl=5)
    assert "replay" == policy_of()


def test_a_block_can_name_functions() -> None:
    """A block that names functions covers these, their copies and their methods, and no others."""

    @cached_completion
    def other(text: str) -> str:
        return text

    class Helper:
        @cached_completion
        def method(self) -> int:
            return 1

    with cache_policy("off", ask, Helper.method):
        assert "off" == policy_of(ask)
        assert "off" == policy_of(ask.with_options(ttl=1))
        assert "off" == policy_of(Helper().method)
        assert "readWrite" == policy_of(other)


def test_inner_blocks_win_and_end() -> None:
    """Blocks nest: the inner one wins while it lasts, also when one block is entered twice."""
    block = cache_policy("off")
    with cache_policy("readOnly"):
        with block, cache_policy(ttl=3), block:
            assert "off" == policy_of()
        assert "readOnly" == policy_of()
    assert "readWrite" == policy_of()


def test_a_block_holds_over_await_and_in_tasks_but_not_elsewhere() -> None:
    """A block holds over an await and in tasks started inside; not in other tasks and threads."""

    async def look() -> str:
        await asyncio.sleep(0)
        return policy_of()

    async def main() -> list[str]:
        begun = asyncio.create_task(look())
        with cache_policy("off"):
            inside = asyncio.create_task(look())
            return [await look(), await inside, await begun]

    assert ["off", "off", "readWrite"] == asyncio.run(main())
    with cache_policy("off"), ThreadPoolExecutor(1) as pool:
        assert "readWrite" == pool.submit(policy_of).result()


def test_a_block_in_a_generator_ends_where_the_generator_is_closed() -> None:
    """A block that is left in another context than it was entered in ends without an error."""
    import contextvars

    def generator() -> Any:
        with cache_policy("off"):
            yield

    suspended = generator()
    contextvars.copy_context().run(next, suspended)
    suspended.close()
    assert "readWrite" == policy_of()


def test_configure_is_seen_by_threads_that_run_already() -> None:
    """configure reaches threads that a pool started earlier, and as a context manager restores what was."""
    started = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(started.set).result()
        with configure(policy="off"):
            assert "off" == pool.submit(policy_of).result()
        assert "readWrite" == pool.submit(policy_of).result()


def test_a_wrong_environment_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that holds no policy is an error, before the call, that names the variable."""
    monkeypatch.setenv("LLM_MEMO_POLICY", "sometimes")
    with pytest.raises(InvalidOption, match=r"LLM_MEMO_POLICY.*'sometimes'"):
        ask("a")
    monkeypatch.setenv("LLM_MEMO_POLICY", "")
    assert "a" == ask("a")


@pytest.mark.parametrize(
    "options",
    [
        {"max_bytes": -1},
        {"max_bytes": "much"},
        {"compress": 10},
        {"memory_bytes": True},
        {"lock_timeout": "soon"},
        {"cache_dir": 3},
    ],
)
def test_configure_refuses_other_values(options: dict[str, Any]) -> None:
    """configure refuses what is no value of its setting, by name, and changes nothing."""
    with pytest.raises(InvalidOption, match=next(iter(options))):
        configure(**options)
    assert {} == SCOPES.configured


def test_only_cached_functions_can_be_named() -> None:
    """A block that names a plain function is an error."""
    with pytest.raises(InvalidOption, match="not a cached function"):
        cache_policy("off", len)


def test_a_cache_dir_that_is_a_file_is_an_error_before_the_call(tmp_path: Path) -> None:
    """A file in the place of the cache folder is an error before anything is called."""
    (tmp_path / "file").write_text("")
    called = []
    function = cached_completion(cache_dir=tmp_path / "file")(called.append)
    with pytest.raises(StoreError, match=r"file is a file; give the path of a folder"):
        function(1)
    assert [] == called


@pytest.mark.parametrize(
    ("count", "text"),
    [(1000, "1000"), (1_000_000_000, "1GB"), (500_000_000, "500 mb"), (65_536, "64KiB"), (1500, "1.5k"), (7, "7B")],
)
@pytest.mark.parametrize("option", ["max_bytes", "memory_bytes"])
def test_sizes_may_be_texts(option: str, count: int, text: str) -> None:
    """A number of bytes may have a unit, of 1000 or of 1024, in any case."""
    options: Any = {option: text}
    with configure(**options):
        assert count == getattr(EffectiveSettings({}, None, {}).now(), option)


@pytest.mark.parametrize("value", ["", "1XB", "-1", "GB", "1 2", -1, 1.5, True])
@pytest.mark.parametrize("option", ["max_bytes", "memory_bytes"])
def test_what_is_no_size_is_an_invalid_option(option: str, value: Any) -> None:
    """Anything else is an error that names the option and says what a size looks like."""
    options: Any = {option: value}
    with pytest.raises(InvalidOption, match=f"{option}=.*'1GB'"):
        configure(**options)
