"""What `explain` calls a change, where several parts of a question show it."""

from __future__ import annotations

import linecache
import sys
import types

import pytest

from llm_memo import Cache, cached_completion
from llm_memo.explain import Explanation
from llm_memo.stores.disk import disk


def explained(before: str, after: str, call: str = "f(1)") -> Explanation:
    """The call of what one text defines is kept; what `explain` says when another text takes its place."""
    for text, done in ((before, call), (after, call.replace("(", ".explain(", 1))):
        module = types.ModuleType("explained")
        sys.modules["explained"] = module
        names = vars(module)
        names["cached"] = cached_completion
        linecache.cache["<explained>"] = len(text), None, text.splitlines(keepends=True), "<explained>"
        exec(compile(text, "<explained>", "exec", dont_inherit=True), names)
        result = eval(done, names)
    assert isinstance(result, Explanation)
    return result


RETRY = """
import functools
def retry(n):
    def decorate(function):
        @functools.wraps(function)
        def again(x): return n, function(x)
        return again
    return decorate
@retry(1)
def g(x): return x
@retry(2)
def h(x): return -x
@cached
@retry(3)
def f(x): return g(x), h(x)
"""

DATA = """
import dataclasses
@dataclasses.dataclass
class A:
    a: int = 1
    b: list = dataclasses.field(default_factory=list)
@cached
def f(x): return [A]
"""

TOOL = "def tool(y): return y\nTOOLS = [tool]\n@cached\ndef f(x): return [TOOLS]"

METHOD = """
S = 'a'
def h(): return S
class A:
    N = 1
    def __init__(self): self.n = 1; self.calls = 0; self._key = 2
    @cached
    def f(self, x):
        self.calls += 1
        return h(), self.N, self.n
a = A()
"""

ONCE = [
    ("a tool is renamed", TOOL, "tool", "hammer", "helper tool is now helper hammer"),
    ("a tool goes", TOOL, "[tool]", "[]", "global TOOLS: [tool] → []; helper tool is gone"),
    ("a tool comes", TOOL.replace("[tool]", "[]"), "= []", "= [tool]", "global TOOLS: [] → [tool]; helper tool is new"),
    ("a decorator of three", RETRY, "return n, f", "return f", "helper retry.decorate.again changed"),
    ("one of three", RETRY, "(2)", "(4)", "helper retry.decorate.again (3): closure n: 2 → 4"),
    ("the outermost of three", RETRY, "(3)", "(4)", "helper retry.decorate.again: closure n: 3 → 4"),
    ("a decorated helper", RETRY, "return -x", "return +x", "helper h changed"),
    (
        "a lambda in a closure",
        "def make():\n g = lambda: 1\n return cached(lambda x: g())\nf = make()",
        "1",
        "2",
        "helper make.<lambda> changed",
    ),
    ("a field is added", DATA, "    b", "    c: int = 2\n    b", "class A.c is new"),
    ("a field's default", DATA, "= 1", "= 2", "class A.a: int = 1 → int = 2"),
    ("a field's factory", DATA, "=list", "=dict", "class A.b: list, default_factory=list → list, default_factory=dict"),
    ("a field's type", DATA, ": list", ": dict", "class A.b: list, default_factory=list → dict, default_factory=list"),
    (
        "a field's setting",
        DATA,
        "=list",
        "=list, init=False",
        "class A.b: list, default_factory=list → list, default_factory=list, init=False",
    ),
]


class TestDifferences:
    """Each thing that was edited is told once."""

    @pytest.mark.parametrize(
        ("text", "old", "new", "told"), [each[1:] for each in ONCE], ids=[each[0] for each in ONCE]
    )
    def test_once(self, text: str, old: str, new: str, told: str) -> None:
        """What comes and goes with something, or is seen in many places, is told with it, or once."""
        assert told == "; ".join(explained(text, text.replace(old, new)).differences)

    @pytest.mark.parametrize(
        ("text", "old", "new", "told"),
        [
            ("N = 1\n@cached\ndef f(x): return x, 0", "0", "N", "code changed"),
            ("T = [1]\n@cached\ndef f(x): return T[0], T, x", "[1]", "[2]", "global T: [1] → [2]"),
            ("L = ['a']\n@cached\ndef f(x): return [x for m in L], L", "'a'", "'b'", "global L: ['a'] → ['b']"),
            ("import json\n@cached\ndef f(x): return json.dumps(x)", "dumps", "loads", "code changed"),
            (
                "import json\nsay = json.dumps\n@cached\ndef f(x): return say(x)",
                "dumps",
                "loads",
                "installed json.dumps is now installed json.loads",
            ),
            (
                "class A:\n    a: int\n@cached\ndef f(x): return [A]",
                "int",
                "str",
                "class A: annotations: [('a', int)] → [('a', str)]",
            ),
            (
                "class A:\n    def g(self): return 1\na = A()\n@cached\ndef f(x, y=(a,)): return x",
                "1",
                "2",
                "argument y: helper A.g changed",
            ),
        ],
    )
    def test_what_follows_is_left_out(self, text: str, old: str, new: str, told: str) -> None:
        """What code reads anew, an item of a list that differs, and installed code that is called go without saying."""
        assert told == "; ".join(explained(text, text.replace(old, new), "f('1')").differences)

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("N = 1", "N = 2", "argument self.N: 1 → 2"),
            ("self.n = 1", "self.n = 2", "argument self.n: 1 → 2"),
            ("= 'a'", "= 'b'", "helper h: global S: 'a' → 'b'"),
            ("return S", "return [S]", "helper h changed"),
            ("return h(),", "return [h()],", "code changed"),
        ],
    )
    def test_of_a_method(self, old: str, new: str, told: str) -> None:
        """What its instance's class has in common with the method is told of the method."""
        assert told == "; ".join(explained(METHOD, METHOD.replace(old, new), "a.f(1)").differences)

    def test_of_code_that_is_passed(self) -> None:
        """A function among the arguments is called by its name, and so is what it reads."""
        text = "S = 'a'\ndef g(): return S\nx = [lambda: 1, lambda: 2, g]\n@cached\ndef f(x): return 1"
        for old, new, told in (
            ("'a'", "'b'", "argument x: helper g: global S: 'a' → 'b'"),
            (": 1", ": 3", "argument x: helper <lambda> changed"),
            (": 2", ": 3", "argument x: helper <lambda> (2) changed"),
            ("g(): return S", "g(): return [S]", "argument x: helper g changed"),
        ):
            assert (told,) == explained(text, text.replace(old, new), "f(x)").differences


class TestWhatIsShown:
    """Values, texts and code, so that one sees what was edited."""

    def test_parts_are_typed(self) -> None:
        """Each part has an owner, a kind and a name; what it is in words is made of these."""
        parts = explained(METHOD, METHOD, "a.f(1)").parts
        assert ("helper h", "global", "S", "helper h: global S") in {
            (part.owner, part.kind, part.name, part.text) for part in parts
        }
        assert {("", "argument", "x"), ("", "argument", "self.n"), ("", "code", ""), ("helper h", "code", "")} <= {
            (part.owner, part.kind, part.name) for part in parts
        }

    def test_changed_code_is_a_diff_of_its_lines(self) -> None:
        """Lines that went and came, without comments, of the function or helper that holds them."""
        text = "def g(x):\n    # doubles\n    return 2 * x\n@cached\ndef f(x):\n    y = g(x)\n    return y, 1"
        (change,) = explained(text, text.replace("2 * x", "3 * x")).changes
        assert ("helper g changed", (" def g(x):", "-    return 2 * x", "+    return 3 * x")) == (
            str(change),
            change.lines,
        )
        (change,) = explained(text, text.replace("y, 1", "y, 2")).changes
        assert ("     y = g(x)", "-    return y, 1", "+    return y, 2") == change.lines

    def test_a_long_text_is_shown_around_what_changed(self) -> None:
        """Of a prompt that is longer than a preview, the words that differ and those beside them."""
        text = "S = '{} end of it, and more words after that'\n@cached\ndef f(x): return S, x"
        before, after = (text.format("word " * 100 + each) for each in ("good", "bad"))
        told = (
            "global S: …word word word word good end of it, and more…  → …word word word word bad end of it, and more…"
        )
        assert (told.replace("  ", " "),) == explained(before, after).differences
        text = "A = '{} end'\n@cached\ndef f(x): return x"
        before, after = (text.format("word " * 100 + each) for each in ("good", "bad"))
        (told,) = explained(before, after, "f(A)").differences
        assert told.startswith("argument x: …word")
        assert "word good end'" in told
        assert told.endswith("word bad end'")

    def test_the_text_of_an_argument_is_kept_once(self) -> None:
        """An entry has the text of a long argument among its arguments alone, and `explain` compares that."""
        text = "A = '{} end'\n@cached\ndef f(x): return x"
        before, after = (text.format("word " * 100 + each) for each in ("good", "bad"))
        nearest = explained(before, after, "f(A)").nearest
        assert nearest is not None
        assert [["x"], ["code"]] == [[*nearest.provenance.arguments], [*nearest.provenance.texts]]

    def test_each_entry_says_what_its_own_call_was_made_of(self) -> None:
        """Entries of one function have their own arguments, and the values that were read when each was written."""
        text = "S = 'one'\n@cached\ndef f(x): return S, x\nf(1), f(2)\nS = 'two'\nf(3)"
        explained(text, text, "f(4)")
        store = disk(str(Cache().path))
        kept = [store.load(each.path, each.key).header.provenance for each in Cache().entries()]
        shown = sorted((each.previews["argument x"], each.previews["global S"]) for each in kept)
        assert [("1", "'one'"), ("2", "'one'"), ("3", "'two'"), ("4", "'two'")] == shown
        assert 4 == len({each.parts["argument x"] for each in kept})
        assert 2 == len({each.parts["global S"] for each in kept})

    def test_types_where_values_look_alike(self) -> None:
        """A numpy text or number is shown with its type."""
        text = "import numpy as np\nN = 'n1'\n@cached\ndef f(x): return N, x"
        assert ("global N: 'n1' → np.str_('n1')",) == explained(text, text.replace("'n1'", "np.str_('n1')")).differences
        text = text.replace("'n1'", "3")
        assert ("global N: 3 → np.int64(3)",) == explained(text, text.replace("3", "np.int64(3)")).differences

    def test_no_secret_is_in_the_source_that_is_kept(self) -> None:
        """Texts that are secrets by name or by look are taken out of lines of code."""
        text = (
            "@cached\ndef f(x, token='CANARY1'):\n    api_key = 'CANARY2'\n"
            "    headers = {'Authorization': 'CANARY3'}\n    return x"
        )
        result = explained(text, text.replace("return x", "return -x"))
        assert result.nearest is not None
        assert "api_key = '‹redacted›'" in result.nearest.provenance.texts["code"]
        assert "CANARY" not in f"{result}{result.changes}{result.nearest.provenance}"

    def test_what_changes_places(self) -> None:
        """Two helpers that are called in each other's place differ in nothing else."""
        text = "def g(): return 1\ndef h(): return 2\na, b = g, h\n@cached\ndef f(x): return a() + 2 * b()"
        assert ("helper h, helper g changed places",) == explained(text, text.replace("g, h", "h, g")).differences

    def test_two_instances_of_a_class_are_told_apart(self) -> None:
        """What differs in the second of two arguments is named, though the same helper reads both."""
        text = (
            "class A:\n    def __init__(self, n): self.n = n\n    def g(self): return self.n\n"
            "p, q = A(1), A(2)\n@cached\ndef f(x, y): return x.g(), y.g()"
        )
        (told,) = explained(text, text.replace("A(2)", "A(3)"), "f(p, q)").differences
        assert told.endswith("self.n (2): 2 → 3")

    def test_lines_of_a_lambda_need_not_be_whole_statements(self) -> None:
        """Source that cannot be read alone is kept as it stands."""
        text = "TABLE = [\n    lambda y: y + 1,\n]\n@cached\ndef f(x): return TABLE[0](x)"
        (change,) = explained(text, text.replace("y + 1", "y + 2")).changes
        assert ("-lambda y: y + 1,", "+lambda y: y + 2,") == change.lines


class Limiter:
    """Of one's own; what it counts is in no key."""

    __memo_ignore__ = ("times", "elsewhere")

    def __init__(self) -> None:
        self.times: list[str] = []
        self.model = "m"

    def ask(self, text: str) -> tuple[str, int]:
        self.times.append(text)
        return self.model + text, len(self.times)


class Settings(dict[str, int]):
    """Of one's own, with an installed base."""

    __memo_ignore__ = "run"


LIMITER = Limiter()


def test_what_a_class_leaves_out_is_listed() -> None:
    """Attributes that __memo_ignore__ leaves out of a global, an instance or an argument's inside are told by name."""

    @cached_completion(name="f", ignore=("LIMITER.model",))
    def of_global(text: str) -> object:
        return LIMITER.ask(text)

    @cached_completion(name="f")
    def of_argument(limiter: object) -> object:
        return [limiter]

    left_out = {"Limiter.times": "__memo_ignore__"}
    assert left_out | {"LIMITER.model": "ignore="} == of_global.explain("a").untracked
    assert left_out == of_argument.explain(LIMITER).untracked
    assert left_out == of_argument.explain([LIMITER]).untracked
    assert {"Settings.run": "__memo_ignore__"} == of_argument.explain(Settings(a=1)).untracked
    assert "not tracked: Limiter.times, __memo_ignore__" in str(of_global.explain("a"))
    assert {} == of_argument.explain([1]).untracked
