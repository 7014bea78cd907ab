"""``%llm_memo``, in a real IPython shell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

import llm_memo
from llm_memo import Cache, CachePolicy
from llm_memo.notebook import magic
from llm_memo.settings import SCOPES

CELL = """
from llm_memo import cached_completion

@cached_completion(name="cell.ask")
def ask(question, *, model="m"):
    if question == "raise":
        raise ValueError(question)
    return question.upper()

@cached_completion(name="cell.later")
async def later(question):
    return question.upper()

class Helper:
    @cached_completion(name="cell.method", ignore="self")
    def method(self, question):
        return question

helper = Helper()
"""


class Shell:
    """An IPython with the extension loaded; `run` gives the value of a cell and what was shown under it."""

    def __init__(self, ipython: Any) -> None:
        self.ipython = ipython

    def run(self, cell: str) -> tuple[Any, str]:
        """The cell's value, and its output without it."""
        with capture_output() as output:
            result = self.ipython.run_cell(cell)
        shown = "".join(item.data["text/plain"] for item in output.outputs)
        value = result.result if result.success else result.error_in_exec or result.error_before_exec
        return value, output.stdout + output.stderr + shown

    def complete(self, line: str) -> list[str]:
        """What Tab offers at the end of a line."""
        with provisionalcompleter():
            found = list(self.ipython.Completer.completions(line, len(line)))
        return [each.text for each in found]


@pytest.fixture(scope="module")
def _ipython(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.Completer.use_jedi = False
        yield InteractiveShell.instance(config=config)
        InteractiveShell.clear_instance()


@pytest.fixture
def shell(_ipython: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell with cached functions in its namespace, and the extension loaded."""
    monkeypatch.setattr("llm_memo.notebook.live.is_own_module", lambda name: False)
    before = SCOPES.configured
    _ipython.reset(new_session=False)
    _ipython.run_line_magic("load_ext", "llm_memo")
    running = Shell(_ipython)
    running.run(CELL)
    yield running
    _ipython.run_line_magic("unload_ext", "llm_memo")
    SCOPES.configured = before


def one_line(shown: str) -> str:
    """The one line that was shown, without a traceback."""
    assert "Traceback" not in shown
    (line,) = shown.strip().splitlines()
    return line


def test_the_overview_lists_the_functions_here_and_the_folder(shell: Shell) -> None:
    """`%llm_memo` is a row for each cached function of the namespace, and the folder's sums."""
    shell.run("ask('a'); ask('a'); helper.method('b')")
    overview, _ = shell.run("%llm_memo")
    for text in ("3 cached functions · 33% of 3 calls hit", "Helper.method", "readWrite", "2 entries"):
        assert text in repr(overview)
    assert '<div class="llm-memo">' in overview._repr_html_()
    assert overview.__rich__()


def test_the_overview_of_nothing_says_how_to_begin(shell: Shell) -> None:
    """Without cached functions, `%llm_memo` says how one is made."""
    overview, _ = shell.run("del ask, later, Helper, helper\n%llm_memo")
    assert "Decorate one with @cached_completion." in repr(overview)


def test_info_is_the_function_or_the_folder(shell: Shell) -> None:
    """Functions are found by variable, by class, by instance, and by their own name."""
    ask, helper = shell.ipython.user_ns["ask"], shell.ipython.user_ns["Helper"]
    assert ask is shell.run("%llm_memo info ask")[0]
    assert ask is shell.run("%llm_memo info cell.ask")[0]
    assert vars(helper)["method"] is shell.run("%llm_memo info Helper.method")[0]
    assert helper.method._self_memo is shell.run("%llm_memo info helper.method")[0]._self_memo
    assert isinstance(shell.run("%llm_memo info")[0], Cache)


def test_entries_are_those_of_a_function_or_of_all(shell: Shell) -> None:
    """`%llm_memo entries` gives a list that can be worked with."""
    shell.run("ask('a'); helper.method('b')")
    assert ["question='a', model='m'"] == [entry.arguments for entry in shell.run("%llm_memo entries ask")[0]]
    assert 2 == len(shell.run("%llm_memo entries")[0])


def test_clear_wants_a_name_or_all(shell: Shell) -> None:
    """Nothing is removed by a command that does not say what; `--dry-run` only counts."""
    shell.run("ask('a'); ask('b'); helper.method('b')")
    assert "name a function, or say --all" in one_line(shell.run("%llm_memo clear")[1])
    assert "name a function, or say --all" in one_line(shell.run("%llm_memo clear ask --all")[1])
    assert "would remove 2 entries" in one_line(shell.run("%llm_memo clear ask --dry-run")[1])
    assert "0 entries cleared" in one_line(shell.run("%llm_memo clear ask --older-than 7d")[1])
    assert "0 entries cleared" in one_line(shell.run("%llm_memo clear ask --stale-code")[1])
    assert "2 entries cleared" in one_line(shell.run("%llm_memo clear ask")[1])
    assert "1 entry cleared" in one_line(shell.run("%llm_memo clear --all")[1])
    assert 0 == Cache().info().entries


def test_policy_tells_and_sets(shell: Shell) -> None:
    """`%llm_memo policy` says what is in force and from where; with a name it configures the process."""
    assert "policy readWrite, the default" == one_line(shell.run("%llm_memo policy")[1])
    assert "policy readOnly, from configure" == one_line(shell.run("%llm_memo policy read_only")[1])
    assert CachePolicy.READ_ONLY == shell.run("ask.cache_parameters()['policy']")[0]


def test_explain_takes_the_call_as_it_is_written(shell: Shell) -> None:
    """The arguments are evaluated, the call is not made; methods and options work too."""
    shell.run("word = 'a'; ask(word)")
    assert "hit" == shell.run("%llm_memo explain ask(word, model='m')")[0].outcome
    missed, _ = shell.run("%llm_memo explain ask(word, model='n')")
    assert ("argument model: 'm' → 'n'",) == missed.differences
    assert "miss" == shell.run("%llm_memo explain helper.method('x')")[0].outcome
    assert "miss" == shell.run("%llm_memo explain ask.with_options(sample=1)(word)")[0].outcome
    assert 1 == shell.run("ask.cache_info().calls")[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%llm_memo bogus", "no such command; there are info, entries, clear, policy, explain, watch"),
        ("%llm_memo info nope", "'nope' is not a cached function; there are ask, later, Helper.method"),
        ("%llm_memo info len", "'len' is not a cached function"),
        ("%llm_memo info 7 up", "'7 up' is not a cached function"),
        ("%llm_memo policy sometimes", "is not a cache policy; it is one of 'readWrite'"),
        ("%llm_memo clear ask --older-than soon", "older_than='soon' is not a duration"),
        ("%llm_memo clear ask --bogus", "%llm_memo clear: unrecognized arguments: --bogus"),
        ("%llm_memo clear 'ask", "No closing quotation"),
        ("%llm_memo explain", "write the call"),
        ("%llm_memo explain ask", "write the call"),
        ("%llm_memo explain ask(", "write the call"),
        ("%llm_memo explain nope('a')", "NameError: name 'nope' is not defined"),
        ("%llm_memo explain len('a')", "len is not a cached function"),
        ("%llm_memo explain ask()", "TypeError: ask() missing 1 required positional argument"),
        ("%llm_memo watch maybe", "say on or off"),
        ("%%llm_memo sometimes\nask('a')", "%%llm_memo: policy='sometimes' is not a cache policy"),
        ("%%llm_memo\nask('a')", "%%llm_memo: policy='' is not a cache policy"),
        ("%%llm_memo off nope\nask('a')", "'nope' is not a cached function"),
    ],
)
def test_errors_are_one_line(shell: Shell, line: str, message: str) -> None:
    """A mistake is told in one line, without a traceback, and nothing is called."""
    _, shown = shell.run(line)
    assert message in one_line(shown)
    assert 0 == shell.run("ask.cache_info().calls")[0]


def test_a_cell_has_a_policy_of_its_own(shell: Shell) -> None:
    """`%%llm_memo writeOnly` refreshes what the cell calls, `await` included, and ends with the cell."""
    shell.run("ask('a'); await later('b')")
    value, _ = shell.run("%%llm_memo writeOnly\nx = ask('a')\nx += await later('b')\nx")
    assert "AB" == value
    assert [1, 1] == shell.run("[ask.cache_info().refreshes, later.cache_info().refreshes]")[0]
    shell.run("ask('a'); await later('b')")
    assert [1, 1] == shell.run("[ask.cache_info().hits, later.cache_info().hits]")[0]


def test_a_cell_policy_may_be_for_some_functions(shell: Shell) -> None:
    """Names after the policy are the functions that it is for."""
    shell.run("%%llm_memo off ask\nask('a'); helper.method('b')")
    assert [1, 0] == shell.run("[ask.cache_info().bypasses, Helper.method.cache_info().bypasses]")[0]


def test_a_cell_that_raises_ends_its_policy_too(shell: Shell) -> None:
    """The cell's own error is shown at the cell's own line, and the policy is over."""
    error, shown = shell.run("%%llm_memo off\n\n1/0")
    assert isinstance(error, ZeroDivisionError)
    assert "line 3" in shown
    assert CachePolicy.READ_WRITE == shell.run("ask.cache_parameters()['policy']")[0]


def test_only_a_cell_that_begins_with_it_has_a_policy(shell: Shell) -> None:
    """The same words inside of a text are a text."""
    assert "\n%%llm_memo off\n" == shell.run("x = '''\n%%llm_memo off\n'''\nx")[0]


def test_a_cell_in_another_magic(shell: Shell) -> None:
    """Under a magic that hands its cell on, the policy holds as well."""
    shell.ipython.run_cell_magic("llm_memo", "off", "y = ask('a')")
    assert ["A", 1] == shell.run("[y, ask.cache_info().bypasses]")[0]
    assert "not a cache policy" in one_line(shell.run("get_ipython().run_cell_magic('llm_memo', 'no', 'y = 1')")[1])


def test_watch_says_under_each_cell_what_became_of_its_calls(shell: Shell) -> None:
    """A line a function, with hits, misses and what they saved and cost; nothing where nothing was called."""
    assert "" == shell.run("%llm_memo watch on\nx = 1")[1]
    shell.run("%llm_memo watch on")
    assert one_line(shell.run("x = ask('a'), ask('a')")[1]).startswith("ask · 1 hit · 1 miss · saved")
    assert "" == shell.run("x = 1")[1]
    shown = shell.run("%%llm_memo writeOnly\nx = await later('b'), ask('a')")[1]
    assert ["ask · 1 refresh", "later · 1 refresh"] == [line.partition(" · paid")[0] for line in shown.splitlines()]
    assert "ask · 1 bypass" in shell.run("%%llm_memo off\nx = ask('a')")[1]
    assert "ask · 1 raised" in shell.run("try: ask('raise')\nexcept ValueError: pass")[1]
    shell.run("%llm_memo watch off")
    shell.run("%llm_memo watch off")
    assert "" == shell.run("x = ask('a')")[1]


def test_watch_counts_what_was_decorated_or_cleared_in_the_cell(shell: Shell) -> None:
    """A function decorated in the cell counts from nought, as does one whose counts began anew."""
    shell.run("ask('a'); ask('a')\n%llm_memo watch on")
    assert "ask · 1 miss" in shell.run("x = ask.cache_clear(); y = ask('b')")[1]
    assert "ask · 1 miss" in shell.run(CELL + "\nx = ask('c')")[1]


def test_watch_tells_of_stale_answers(shell: Shell) -> None:
    """An expired answer in place of an error is a saving, and is called stale."""
    shell.run("""
import warnings
fails = []
@cached_completion(stale_if_error=True, ttl=0, version=1)
def shaky(question):
    if fails:
        raise ValueError
    return question
shaky("a")
fails.append(1)
%llm_memo watch on
""")
    shown = shell.run("with warnings.catch_warnings(action='ignore'): x = shaky('a')")[1]
    assert "shaky · 1 stale · 1 raised · saved" in shown


COMMANDS = ("info", "entries", "clear", "policy", "explain", "watch", "help")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("%llm_memo ", ["clear", "entries", "explain", "help", "info", "policy", "watch"]),
        ("%llm_memo e", ["entries", "explain"]),
        ("%llm_memo info ", ["Helper.method", "ask", "later"]),
        ("%llm_memo info a", ["ask"]),
        ("%llm_memo explain a", ["ask("]),
        ("%llm_memo policy re", ["readOnly", "readWrite", "replay"]),
        ("%llm_memo watch o", ["off", "on"]),
        ("%llm_memo clear --", ["--all", "--dry-run", "--older-than", "--stale-code"]),
        ("%%llm_memo w", ["writeOnly"]),
        ("%%llm_memo off l", ["later"]),
    ],
)
def test_tab_completes_commands_and_names(shell: Shell, line: str, offered: list[str]) -> None:
    """Tab offers commands, and after them what they take."""
    assert set(offered) <= set(shell.complete(line))
    assert [] == [each for each in shell.complete(line) if each in COMMANDS and each not in offered]


def test_loading_twice_is_loading_once(shell: Shell) -> None:
    """A second load changes nothing; after unloading there is no magic and nothing is completed."""
    found = shell.ipython.find_line_magic("llm_memo")
    llm_memo.load_ipython_extension(shell.ipython)
    assert found == shell.ipython.find_line_magic("llm_memo")
    llm_memo.unload_ipython_extension(shell.ipython)
    llm_memo.unload_ipython_extension(shell.ipython)
    assert "not found" in shell.run("%llm_memo")[1]
    assert [] == found.__self__.complete(shell.ipython, None)
    magic.load(shell.ipython)


@pytest.mark.slow
@pytest.mark.parametrize("line", ["help", "?", "--help", "-h", "clear --help", "entries ?"])
def test_help_is_shown(shell: Shell, line: str) -> None:
    """The magic explains itself, however it is asked."""
    value, shown = shell.run(f"get_ipython().run_line_magic('llm_memo', {line!r})")
    assert None is value
    assert "%llm_memo clear FUNCTION | --all" in shown
    assert "%%llm_memo POLICY [FUNCTION …]" in shown


def test_ipythons_own_help_is_the_same(shell: Shell) -> None:
    """%llm_memo? shows the help of the magic, and nothing of how it is made."""
    shown = shell.ipython.inspector.info(shell.ipython.find_line_magic("llm_memo"))["docstring"]
    assert "%llm_memo clear FUNCTION | --all" in shown


def test_entries_and_clear_take_conditions(shell: Shell) -> None:
    """entries and clear take what Cache.entries takes, of a function or of the folder."""
    for text in ("a fox", "a cat"):
        shell.run(f"ask({text!r})")
    assert ["A FOX"] == [entry.value for entry in shell.run("%llm_memo entries ask --text fox")[0]]
    assert ["A CAT"] == [entry.value for entry in shell.run("%llm_memo entries --text CAT --newer-than 1h")[0]]
    assert [] == shell.run("%llm_memo entries ask --model gpt*")[0]
    assert "1 entry cleared" in shell.run("%llm_memo clear ask --text fox")[1]
    assert ["A CAT"] == [entry.value for entry in shell.run("%llm_memo entries ask")[0]]


def test_a_watched_line_has_the_tokens_that_were_paid(shell: Shell) -> None:
    """Tokens are told of calls that were paid as of those that were saved."""
    shell.run("""
from llm_memo import completion_usage
@cached_completion(name="cell.counted")
def counted(text):
    completion_usage(model="m", input_tokens=200, output_tokens=65)
    return text
%llm_memo watch on
""")
    shown = [one_line(shell.run("x = counted('a')")[1]) for _ in range(2)]
    assert shown[0].startswith("counted · 1 miss · paid ")
    assert (True, True) == (shown[0].endswith(", 265 tokens"), shown[1].endswith(", 265 tokens"))


def test_configure_as_a_cells_last_line_shows_what_is_in_force(shell: Shell) -> None:
    """configure(...) shows all settings and where each comes from, as text and as HTML; a block says what it is for."""
    value, _ = shell.run("import llm_memo\nllm_memo.configure(ttl='7d', max_bytes='1GB', lock_timeout=None)")
    for shown in (repr(value), value._repr_html_()):
        assert "object at 0x" not in shown
    lines = [line.split() for line in repr(value).splitlines()]
    assert ["ttl", "1", "w", "·", "configure"] in lines
    assert ["max_bytes", "1.0", "GB", "·", "configure"] in lines
    assert ["lock_timeout", "for", "ever", "·", "configure"] in lines
    assert ["policy", "readWrite", "·", "default"] in lines
    assert "1 w" in value._repr_html_()
    block, _ = shell.run("llm_memo.cache_policy('readOnly', ttl='7d')")
    assert "<cache_policy(policy='readOnly', ttl='604800.0'): for calls inside of a with block, and none yet>" == repr(
        block
    )


@pytest.mark.slow
@pytest.mark.parametrize("written", ["ask.cache_", "Helper.method.cache_", "helper.method.cache_"])
@pytest.mark.parametrize("jedi", [True, False])
def test_tab_completes_a_cached_function(
    shell: Shell, written: str, jedi: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tab offers what a cached function has beside being called, of functions and methods, with and without jedi."""
    monkeypatch.setattr(shell.ipython.Completer, "use_jedi", jedi)
    with provisionalcompleter():
        found = {each.text.lstrip(".") for each in shell.ipython.Completer.completions(written, len(written))}
    assert {"cache_clear", "cache_info", "cache_key", "cache_parameters"} == {each.rpartition(".")[2] for each in found}


def test_tab_knows_the_parameters(shell: Shell) -> None:
    """Inside of its parentheses Tab offers the function's own parameters."""
    with provisionalcompleter():
        found = {each.text for each in shell.ipython.Completer.completions("ask(mod", 7)}
    assert "model=" in found


def test_a_question_mark_shows_the_function(shell: Shell) -> None:
    """`ask?` has the function's signature, and calls it a cached function."""
    found = shell.ipython.inspector.info(shell.ipython.user_ns["ask"])
    assert ("(question, *, model='m')", "CachedFunction") == (
        found["definition"].removeprefix("ask"),
        found["type_name"],
    )
