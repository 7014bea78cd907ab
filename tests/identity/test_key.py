"""Keys: what names a call, and what the options make of it."""

from __future__ import annotations

import contextvars
import dataclasses
import functools
import inspect
import logging
from typing import Any, ClassVar

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from llm_memo import CacheMiss, InvalidOption, SelfChanging, UnkeyableArgument, cached_completion
from llm_memo.identity.key import compile_binder


def ask(text: str, *rest: int, model: str = "m", **more: Any) -> str:
    return text


def test_a_key_is_32_hex_digits_and_does_not_call() -> None:
    """cache_key names the call without making it."""
    called = []
    cached = cached_completion(name="ask")(lambda text: called.append(text))
    assert 32 == len(cached.cache_key("a"))
    assert int(cached.cache_key("a"), 16)
    assert [] == called


def test_binding_decides_not_spelling() -> None:
    """Every spelling of the same bound arguments has one key, and every other arguments another."""
    cached = cached_completion(ask)
    assert cached.cache_key("a") == cached.cache_key(text="a", model="m")
    keys = [
        cached.cache_key("a"),
        cached.cache_key("b"),
        cached.cache_key("a", 1),
        cached.cache_key("a", 1, 2),
        cached.cache_key("a", model="n"),
        cached.cache_key("a", x=1),
        cached.cache_key("a", x=1, y=2),
        cached.cache_key("a", y=2, x=1),  # the code sees the order of **kw
    ]
    assert len(keys) == len(set(keys))


def test_ignored_parameters_are_not_in_the_key() -> None:
    """An ignored parameter may have any value, even one without a form."""
    cached = cached_completion(ignore=("model", "more"))(ask)
    assert cached.cache_key("a") == cached.cache_key("a", model=object(), trace=object())  # type: ignore[arg-type]
    assert cached.cache_key("a") != cached.cache_key("b")
    assert cached.cache_key("a") == cached.with_options().cache_key("a")


def test_key_stands_for_the_arguments() -> None:
    """key= decides alone; what it raises is its own, and what it returns must have a form."""
    cached = cached_completion(key=lambda text, **_: text.lower())(ask)
    assert cached.cache_key("A") == cached.cache_key("a", model="n")
    assert cached.cache_key("A") != cached.cache_key("b")
    with pytest.raises(AttributeError):
        cached.cache_key(3)  # type: ignore[arg-type]
    with pytest.raises(UnkeyableArgument, match="the value that key= returned"):
        cached_completion(key=lambda text, **_: object())(ask).cache_key("a")
    cycle: list[Any] = []
    cycle.append(cycle)
    assert cached_completion(key=lambda text, **_: cycle)(ask).cache_key("a") != cached.cache_key("a")


def test_a_key_that_cannot_take_the_arguments_is_an_error_at_decoration() -> None:
    """key= must be able to take what a call must pass; one whose signature is not known is believed."""

    def strict(text: str, *, model: str) -> str:
        return text

    for wrong in (lambda: 1, lambda other, another: 1, lambda text: 1):
        with pytest.raises(InvalidOption, match=r"key= for .* takes"):
            cached_completion(key=wrong)(strict)
    cached_completion(key=lambda text, model: text)(strict)
    cached_completion(key=dict)(lambda: 1)


def test_version_and_name_stand_for_code_and_place() -> None:
    """With version= the code does not matter, with name= neither its place; each value is another key."""

    def one(text: str) -> int:
        return 1

    def other(text: str) -> int:
        return 2

    def key(function: Any, **options: Any) -> str:
        return str(cached_completion(**options)(function).cache_key("a"))

    assert key(one) != key(other)
    assert key(one, name="f") != key(other, name="f")
    assert key(one, name="f", version=1) == key(other, name="f", version="1")
    assert key(one, version=1) != key(other, version=1)
    assert 3 == len({key(one, name="f", version=version) for version in ("1", "2", None)})
    assert key(one) == key(one, ttl=3, policy="readOnly", cache_if=bool, stale_if_error=True, single_flight=False)


def test_a_wrappers_signature_is_that_of_the_function_inside() -> None:
    """A wrapper that passes everything on is bound as the function inside, another as itself."""

    @functools.wraps(ask)
    def passes_on(*args: Any, **kwargs: Any) -> str:
        return ask(*args, **kwargs)

    @functools.wraps(ask)
    def adds(text: str, *, model: str = "n", extra: int = 0) -> str:
        return ask(text, model=model)

    passes = cached_completion(passes_on)
    assert passes.cache_key("a") == passes.cache_key(text="a", model="m")
    added = cached_completion(adds)
    assert added.cache_key("a") == added.cache_key("a", model="n", extra=0)
    assert "a" == added("a", extra=1)


def test_defaults_that_change_change_the_question() -> None:
    """Defaults that are swapped in place, as autoreload does, count at the next call."""

    def changing(text: str, model: str = "old", *, n: int = 1) -> str:
        return text + model

    cached = cached_completion(changing)
    before = cached.cache_key("a")
    changing.__defaults__ = ("new",)
    assert before != cached.cache_key("a") == cached.cache_key("a", "new")
    assert "anew" == cached("a")
    changing.__kwdefaults__ = {"n": 2}
    assert cached.cache_key("a", n=2) == cached.cache_key("a")


names = st.sampled_from(["a", "b", "c", "d", "e"])


@st.composite
def signatures(draw: Any) -> inspect.Signature:
    """Any order of parameter kinds and defaults that Python allows."""
    kinds = sorted(draw(st.lists(st.sampled_from(list(inspect._ParameterKind)), max_size=5)))
    parameters, seen, defaults = [], set(), False
    for name, kind in zip("abcde", kinds, strict=False):
        single = kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        if single and kind in seen:
            continue
        seen.add(kind)
        default = inspect.Parameter.empty
        if not single and (draw(st.booleans()) or (defaults and kind < inspect.Parameter.VAR_POSITIONAL)):
            default, defaults = f"default {name}", True
        parameters.append(inspect.Parameter(name, kind, default=default))
    return inspect.Signature(parameters)


@pytest.mark.slow
@given(signatures(), st.lists(st.integers(), max_size=4), st.dictionaries(names, st.integers(), max_size=3))
def test_the_compiled_binder_binds_as_python_does(
    signature: inspect.Signature, args: list[int], kwargs: dict[str, int]
) -> None:
    """The compiled binder gives what Signature.bind gives, and fails where it fails."""
    # Python lets **kwargs take the name of a positional-only parameter; Signature.bind does not.
    assume(not {name for name in kwargs if name in signature.parameters and signature.parameters[name].kind == 0})
    bind = compile_binder(signature, "module.name")
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        with pytest.raises(TypeError):
            bind(*args, **kwargs)
        return
    bound.apply_defaults()
    assert tuple(bound.arguments.values()) == bind(*args, **kwargs)


class _Constant(str):
    """A digest that is the same whatever it is of."""

    __slots__ = ()

    def update(self, data: bytes) -> None:
        """Take no notice of it."""

    def hexdigest(self) -> str:
        """Itself."""
        return str(self)


@pytest.fixture
def _one_key_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    import xxhash

    for name in dir(xxhash):
        if name.startswith(("xxh", "XXH")) and callable(getattr(xxhash, name)):
            monkeypatch.setattr(xxhash, name, lambda *args, **kwargs: _Constant("0" * 32))


@pytest.mark.usefixtures("_one_key_for_all")
def test_made_collisions_do_no_harm() -> None:
    """With all xxhash functions replaced by a constant every answer is still right."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    state = {"prompt": "be terse"}

    @cached_completion
    def one(text: str) -> str:
        return text + state["prompt"]

    @cached_completion
    async def other(text: str) -> str:
        await asyncio.sleep(0.01)
        return "other " + text

    async def several() -> list[str]:
        return await asyncio.gather(*(other(text) for text in "abcabc"))

    for prompt in ("be terse", "be verbose"):
        state["prompt"] = prompt
        for text in ("a", "b", "a", "c" * 5000, "d" * 5000, "e" * 200_000, "f" * 200_000):
            assert text + prompt == one(text) == one(text)
        with ThreadPoolExecutor(8) as pool:
            assert [text + prompt for text in "abcd" * 4] == list(pool.map(one, "abcd" * 4))
        assert [f"other {text}" for text in "abcabc"] == asyncio.run(several())
        assert [f"{text}{prompt}" for text in "abab"] == one.map(list("abab"))


SYSTEM = "You are terse."


@cached_completion
def prompted(text: str, *, model: str = "gpt-5.2") -> str:
    return text + model + SYSTEM


def test_explain_names_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    """explain tells the parts of the key and, of the nearest kept call, what differs."""
    assert "no answer of test_key.prompted is kept here" == prompted.explain("a").reason
    prompted("a")
    prompted("something else")
    assert "hit" == prompted.explain("a").outcome
    assert prompted.cache_key("a") == prompted.explain("a").key
    assert ("argument model: 'gpt-5.2' → 'gpt-5.2-mini'",) == prompted.explain("a", model="gpt-5.2-mini").differences
    monkeypatch.setitem(globals(), "SYSTEM", "You are verbose.")
    explanation = prompted.explain("a")
    assert ("global SYSTEM: 'You are terse.' → 'You are verbose.'",) == explanation.differences
    text = str(explanation)
    for part in ("test_key.prompted: miss", explanation.key, "argument text", "global SYSTEM", "code"):
        assert part in text


def test_explain_tells_new_and_gone_parts() -> None:
    """A part that the nearest kept call had not, or had beside, is new or gone."""
    plain = cached_completion(name="f")(ask)
    plain("a")
    assert ("sample is new",) == plain.with_options(sample=1).explain("a").differences
    versioned = plain.with_options(version=1).explain("a").differences
    assert {"version is new", "code is gone"} <= set(versioned)
    plain.with_options(ttl=0)
    assert "expired" == plain.with_options(ttl=0).explain("a").outcome


def test_a_replayed_miss_carries_the_explanation(caplog: pytest.LogCaptureFixture) -> None:
    """CacheMiss says what differs, and a DEBUG line says it of every miss."""
    cached = cached_completion(name="f")(ask)
    cached("a")
    with pytest.raises(CacheMiss, match=r"f\(\): policy 'replay' .* argument text: 'a' → 'b'") as error:
        cached.with_options(policy="replay")("b")
    assert ("argument text: 'a' → 'b'",) == error.value.explanation.differences  # type: ignore[attr-defined]
    with caplog.at_level(logging.DEBUG, logger="llm_memo"):
        cached("c")
    assert "argument text: 'a' → 'c'" in caplog.text


def test_no_secret_is_in_an_explanation() -> None:
    """Values that are secrets by name or by look are redacted from previews."""
    cached = cached_completion(name="f")(ask)
    text = str(
        cached.explain(
            "Bearer CANARY and sk-CANARY1 and https://user:CANARY@host",
            api_key="CANARY",
            nested=[{"password": "CANARY", "text": "shown"}],
            token="CANARY",
        )
    )
    text += str(cached.explain("t", max_tokens=77, service=Service())) + str(cached.explain("t", inner=Service().inner))
    assert "CANARY" not in text
    for shown in ("shown", "77", "‹redacted›", "tells=…", "'model': 'm'"):
        assert shown in text


class Service:
    def __init__(self) -> None:
        self.tells = "all"
        self.openai_key = self.api_key = self.password = "CANARY"
        self.url = "https://user:CANARY@host"
        self.inner = {
            "model": "m",
            "service_token": "CANARY",
            "headers": {"X-Key": "CANARY", "Authorization": "CANARY"},
        }


class Chat:
    def __init__(self) -> None:
        self.calls = 0
        self.history: list[str] = []

    @cached_completion
    def ask(self, text: str) -> str:
        self.calls += 1
        return text

    @cached_completion
    def say(self, text: str) -> list[str]:
        self.history.append(text)
        return list(self.history)


def test_a_count_on_self_is_not_in_the_key_and_a_history_is() -> None:
    """What a method only keeps up on its instance is no part of its question; what its answer shows is."""
    chat = Chat()
    assert ["a", "a"] == [chat.ask("a"), chat.ask("a")]
    assert 1 == chat.calls
    assert "hit" == chat.ask.explain("a").outcome
    with pytest.warns(SelfChanging, match=r'ignore=\("self.history",\)'):
        assert [["a"], ["a", "a"]] == [chat.say("a"), chat.say("a")]


def test_a_versioned_helper_counts_by_its_version() -> None:
    """Where one cached function calls another, the version of that one stands for its code."""

    def key(version: int | None, answer: int) -> str:
        @cached_completion(version=version)
        def helper() -> int:
            return answer

        @cached_completion(name="asks")
        def asks() -> int:
            return helper()

        return str(asks.cache_key())

    assert key(1, 1) == key(1, 2) != key(2, 1)
    assert key(None, 1) != key(None, 2)


def test_mocks_are_each_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one mock answered is never served for another."""
    from unittest import mock

    @cached_completion
    def asks(text: str) -> Any:
        return call_model(text)

    answers = []
    for answer in ("A", "A", "B"):
        monkeypatch.setitem(globals(), "call_model", mock.Mock(return_value=answer))
        answers += [asks("q"), asks("q")]
    assert ["A", "A", "A", "A", "B", "B"] == answers
    assert 3 == asks.cache_info().hits


def call_model(text: str) -> str:
    return text


def test_no_secret_that_the_code_reads_is_in_an_explanation() -> None:
    """Secrets in globals, their items and attributes, context variables and hidden fields are redacted, too."""
    explanation = cached_completion(reads_secrets).explain(Login("CANARY", "shown"))
    assert "CANARY" not in f"{explanation}{explanation.parts}"
    assert "'shown'" in {part.preview for part in explanation.parts}


@dataclasses.dataclass
class Login:
    phrase: str = dataclasses.field(repr=False)
    who: str


class Api:
    tokens: ClassVar = {"a": "CANARY"}
    bearer: ClassVar = {"value": "CANARY"}


TOKEN_VAR = contextvars.ContextVar("t", default="CANARY")
KEYS = {"api_key": "CANARY", "auth": ["CANARY"]}
HOOK = "https://hooks.slack.com/services/CANARY/CANARY"
QUERY = "https://host/path?api_key=CANARY&x=1"


def reads_secrets(login: Login) -> str:
    """Says them all."""
    return (
        f"{Api.tokens['a']}{Api.bearer['value']}{TOKEN_VAR.get()}{KEYS['api_key']}{KEYS['auth'][0]}{HOOK}{QUERY}"
        + str((login.phrase, login.who))
    )
