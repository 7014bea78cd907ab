"""The rare ways through a call: large, damaged and foreign answers, classes that are gone, other loops."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import pickle
import sys
import textwrap
import types
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pandas as pd
import pydantic
import pytest
from PIL import ImageFilter

from llm_memo import CorruptEntry, UnkeyableArgument, cached_completion, configure
from llm_memo.call import NOTHING, Work
from llm_memo.codec.frozen import Frozen
from llm_memo.identity.fingerprint import Fingerprint
from llm_memo.identity.naming import function_name
from llm_memo.options import INHERIT
from llm_memo.settings import SCOPES, Settings
from llm_memo.singleflight import ALONE, FLIGHTS
from llm_memo.stats import Outcome
from llm_memo.stores.disk import disk
from llm_memo.stores.slot import Slot


@dataclasses.dataclass
class Answer:
    text: str


@cached_completion(ttl=None)
def ask(text: str) -> Answer:
    if text == "down":
        raise RuntimeError(text)
    return Answer(text)


async def test_a_large_answer_is_read_in_a_thread() -> None:
    """A task reads a large entry in a thread, and gets it whole."""

    @cached_completion
    async def large() -> str:
        return "x" * 5_000_000

    assert await large() == await large()
    assert 1 == large.cache_info().hits


def test_a_class_that_is_gone_is_a_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry whose class is no longer there is a miss and one warning, and stays in place."""
    ask("a")
    (entry,) = ask.entries()
    monkeypatch.delitem(globals(), "Answer")
    replay = ask.with_options(policy="replay", version="1", name=ask.cache_parameters()["name"])
    assert not replay.is_cached("a")
    kept = disk(ask.cache_parameters()["cache_dir"]).load(entry.path, entry.key)
    from llm_memo.codec.frozen import UnknownClass

    with pytest.raises(UnknownClass):
        kept.thaw()
    with pytest.raises(LookupError, match="cannot be read"):
        _ = entry.value
    assert Path(entry.path).exists()


def put(function: Any, frozen: Frozen, *args: Any) -> Path:
    """Put another frozen value, properly sealed, into the place of a call's entry."""
    function(*args)
    store = disk(function.cache_parameters()["cache_dir"])
    key = function.cache_key(*args)
    (entry,) = [entry for entry in function.entries() if entry.key == key]
    kept = store.load(entry.path, key)
    slot = Slot(store, entry.path, function._self_memo.owner())
    slot.write(dataclasses.replace(kept, frozen=frozen), Settings())
    return Path(entry.path)


def test_a_value_of_an_unknown_kind_is_a_miss_and_stays() -> None:
    """What only a later version can thaw is a miss and one warning, and stays in place until it is replaced."""
    path = put(ask, Frozen("a later codec", b""), "a")
    with pytest.warns(CorruptEntry, match="the file is left in place") as warned:
        assert Answer("a") == ask.with_options(policy="readOnly")("a")
    assert 1 == len(warned)
    assert path.exists()


def test_a_sealed_value_that_does_not_thaw_is_a_miss() -> None:
    """A value that was kept whole and still does not thaw is a miss and one warning."""
    put(ask, Frozen("json", b"{"), "a")
    with pytest.warns(CorruptEntry) as warned:
        assert Answer("a") == ask("a")
    assert 1 == len(warned)


def test_a_stale_answer_that_does_not_thaw_is_no_answer() -> None:
    """When neither the call nor the expired answer can be had, the function's own error is raised."""

    @cached_completion(version="1")
    def flaky(fail: list[int]) -> str:
        if fail:
            raise RuntimeError("down")
        return "up"

    keyed = flaky.with_options(key=lambda fail: None)
    put(keyed, Frozen("a later codec", b""), [])
    with pytest.warns(CorruptEntry), pytest.raises(RuntimeError, match="down"):
        keyed.with_options(ttl=0, stale_if_error=True)([1])


def test_a_usage_that_raises_costs_nothing() -> None:
    """An answer whose usage cannot be read is kept like any other."""
    calls = []

    @cached_completion
    def reply() -> Any:
        calls.append(1)
        return Reply(text="a")

    assert "a" == reply().text == reply().text
    assert [1] == calls


class Reply(pydantic.BaseModel):
    text: str

    @property
    def usage(self) -> Any:
        raise RuntimeError("not now")


def test_without_asyncio_storage_work_is_done_at_once() -> None:
    """Driven by another kind of loop, storage work is done where it stands."""
    with pytest.raises(StopIteration) as end:
        Work(lambda: 3).soon().send(None)
    assert 3 == end.value.value


def test_a_flight_that_has_ended() -> None:
    """Who comes after the end is called back at once, and a second result changes nothing."""
    flight, leads = FLIGHTS.join("a key")
    assert leads
    assert flight is not None
    flight.end(ALONE)
    flight.end(None)
    told: list[int] = []
    flight.on_end(lambda: told.append(1))
    assert [1] == told
    assert flight.result is ALONE


async def test_two_tasks_that_wait_for_each_other() -> None:
    """Two coroutine functions that call each other in two tasks, in opposite orders, do not wait for ever."""

    @cached_completion(version="1", ignore="depth")
    async def one(q: str, depth: int = 0) -> str:
        await asyncio.sleep(0.02)
        return "one" if depth else "one " + await other(q, 1)

    @cached_completion(version="1", ignore="depth")
    async def other(q: str, depth: int = 0) -> str:
        await asyncio.sleep(0.02)
        return "other" if depth else "other " + await one(q, 1)

    answers = await asyncio.wait_for(asyncio.gather(one("q"), other("q")), 20)
    assert ["one", "other"] == [answer.split()[0] for answer in answers]


async def test_an_asynchronous_replay_is_paced(monkeypatch: pytest.MonkeyPatch) -> None:
    """replay_delay pauses before each replayed item of an asynchronous generator."""

    @cached_completion
    async def count() -> Any:
        for number in range(3):
            yield number

    assert [0, 1, 2] == [item async for item in count()]
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", noted)
    assert [0, 1, 2] == [item async for item in count.with_options(replay_delay=0.5)()]
    assert [0.5] * 3 == pauses


def test_marks_have_names() -> None:
    """What stands for nothing, alone and inherit says so."""
    assert ["NOTHING", "ALONE", "inherit", "hit"] == [repr(NOTHING), repr(ALONE), repr(INHERIT), str(Outcome.HIT)]


def test_settings_of_the_process() -> None:
    """configure takes None for no cap, and whole numbers."""
    before = SCOPES.configured
    with configure(max_bytes=None, memory_bytes=0, compress=3):
        assert {"max_bytes": None, "memory_bytes": 0, "compress": 3} == dict(SCOPES.configured)
    assert before is SCOPES.configured


def test_code_that_changed_is_named_as_such() -> None:
    """A part without a preview that differs has changed."""
    cached_completion(name="f")(lambda text: text)("a")
    assert ("code changed",) == cached_completion(name="f")(lambda text: text + "!").explain("a").differences


@pytest.mark.parametrize(
    "value",
    [
        np.random.default_rng(0),
        pd.Interval(0, 1),
        ImageFilter.GaussianBlur(1),
        pydantic.SecretStr("CANARY"),
        openai.Timeout,
        type("Odd", (), {"__module__": 3})(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_kinds_of_known_libraries_without_a_form(value: Any) -> None:
    """A value of a known library that has no form is an error that names it, or has the form of what it is."""
    with contextlib.suppress(UnkeyableArgument):
        assert 32 == len(ask.cache_key(value))


def test_clients_and_their_resources_are_watched() -> None:
    """A global resource of a client counts by where its client sends questions."""
    first, second = (openai.OpenAI(api_key="k", base_url=f"http://{host}/v1") for host in "ab")
    namespace: dict[str, Any] = {"RESOURCE": first.chat.completions, "MODEL": pydantic.BaseModel}
    exec("def asks(): return RESOURCE, MODEL", namespace)
    fingerprint = Fingerprint(namespace["asks"])
    before = fingerprint.current()
    assert before is fingerprint.current()
    namespace["RESOURCE"] = second.chat.completions
    assert before.digest != fingerprint.current().digest


PROGRAMS = {
    "an inherited class method": """
        from pydantic import BaseModel, Field
        class City(BaseModel):
            name: str = Field(description="ONE")
        def f(): return City.model_json_schema()
        """,
    "a validator in a field of a nested model": """
        from typing import Annotated
        from pydantic import AfterValidator, BaseModel
        def check(value): return value + "ONE"
        class Inner(BaseModel):
            text: Annotated[str, AfterValidator(check)]
        class Outer(BaseModel):
            inner: list[Inner] | None
        def f(): return Outer.model_validate({})
        """,
    "a helper that wrapt decorates": """
        import wrapt
        @wrapt.decorator
        def through(wrapped, instance, args, kwargs): return wrapped(*args, **kwargs)
        @through
        def helper(): return "ONE"
        def f(): return helper()
        """,
    "a default of a dataclass with slots": """
        import dataclasses
        @dataclasses.dataclass(slots=True, kw_only=True)
        class Config: text: str = "ONE"
        def f(): return Config().text
        """,
    "a registered implementation": """
        import functools
        @functools.singledispatch
        def helper(x): return "base"
        @helper.register(str)
        def _(x): return "ONE"
        def f(): return helper("x")
        """,
    "a registered method": """
        import functools
        class K:
            @functools.singledispatchmethod
            def helper(self, x): return "base"
            @helper.register(str)
            def _(self, x): return "ONE"
        def f(): return K().helper("x")
        """,
    "a partial method": """
        import functools
        class K:
            def helper(self, text): return text
            part = functools.partialmethod(helper, "ONE")
        k = K()
        def f(): return k.part()
        """,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_what_the_code_reaches_is_part_of_the_fingerprint(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changing one text that the function reaches changes its fingerprint; running the same again does not."""

    def digest(text: str) -> bytes:
        module = types.ModuleType("reached")
        monkeypatch.setitem(sys.modules, "reached", module)
        exec(textwrap.dedent(program).replace("ONE", text), vars(module))
        return Fingerprint(module.f).current().digest

    assert digest("ONE") == digest("ONE") != digest("TWO")


def named(name: str, **namespace: Any) -> str:
    code = compile("def f(): pass", "f", "exec").co_consts[0]
    function = types.FunctionType(code, {"__name__": name, **namespace}, "f")
    function.__module__ = name
    return function_name(function)


def test_names_of_scripts_modules_and_notebooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script, a module that is run and a notebook each give their functions their own name."""
    assert "train.f" == named("__main__", __file__="/somewhere/train.py")
    assert "package.tool.f" == named("__main__", __spec__=ModuleSpec("package.tool", None), __file__="x")
    assert "package.f" == named("__main__", __spec__=ModuleSpec("package.__main__", None))
    assert "notes.f" == named("__main__", __vsc_ipynb_file__="/somewhere/notes.ipynb")
    monkeypatch.setenv("JPY_SESSION_NAME", "/somewhere/session.ipynb")
    assert "session.f" == named("__main__")
    monkeypatch.delenv("JPY_SESSION_NAME")
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    assert "__main__.f" == named("__main__")
    assert "module.f" == named("module")
    assert "builtins.len" == function_name(len)
    assert "builtins.len" == function_name(functools.partial(functools.partial(len)))
    ask = types.FunctionType(named.__code__, {"__name__": "notebook"}, "_cell_Hbol_ask")  # by marimo, of `_ask`
    ask.__module__, ask.__qualname__ = "notebook", "_cell_Hbol_ask.<locals>.inner"
    assert "notebook._ask.<locals>.inner" == function_name(ask)


def test_a_script_s_function_is_itself_when_it_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cached function of a script is, unpickled in the same process, that function."""

    def plain(text: str) -> str:
        return text

    plain.__module__, plain.__qualname__ = "__main__", "plain"
    cached = cached_completion(plain)
    monkeypatch.setattr(sys.modules["__main__"], "plain", cached, raising=False)
    assert cached is pickle.loads(pickle.dumps(cached))


def test_the_base_of_all_models_has_a_form() -> None:
    """pydantic's own base class is a class like any other."""
    assert 32 == len(ask.cache_key(pydantic.BaseModel))


def test_httpx_values_have_forms() -> None:
    """URLs, time-outs and headers of httpx are keyed by what they say."""
    import httpx2

    keys = [
        ask.cache_key(value)
        for value in (
            httpx2.URL("http://a"),
            httpx2.URL("http://b"),
            httpx2.Timeout(1),
            httpx2.Timeout(2),
            httpx2.Headers({"a": "b"}),
            httpx2.Headers({"a": "c"}),
        )
    ]
    assert 6 == len(set(keys))


def test_a_registered_method_of_an_object() -> None:
    """A singledispatchmethod that is found through an instance is followed to its implementations."""

    def digest(text: str) -> bytes:
        namespace: dict[str, Any] = {"__name__": "reached"}
        program = textwrap.dedent(PROGRAMS["a registered method"]).replace("ONE", text)
        exec(program.replace("K().helper", "k.helper") + "\nk = K()", namespace)
        return Fingerprint(namespace["f"]).current().digest

    assert digest("ONE") == digest("ONE") != digest("TWO")
