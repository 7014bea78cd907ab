"""Prompts in Jinja's templates and environments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jinja2
import jinja2.sandbox
import pytest
from cells import Cell

from llm_memo.identity.forms.encoding import encode


def environment(**options: Any) -> jinja2.Environment:
    """An environment with a filter, a test and a global of its own."""
    made = jinja2.Environment(**options)
    made.filters["loud"] = str.upper
    made.tests["long"] = callable
    made.globals["tone"] = "friendly"
    return made


def changed(change: Callable[[jinja2.Environment], Any]) -> jinja2.Environment:
    """The same with a change."""
    made = environment()
    change(made)
    return made


ALL_DIFFERENT: list[Callable[[], object]] = [
    lambda: jinja2.Template("Be terse. {{ text }}"),
    lambda: jinja2.Template("Be kind. {{ text }}"),
    lambda: jinja2.Template("Be terse. {{ text | upper }}"),
    lambda: jinja2.Template("{% if text %}Be terse.{% endif %}"),
    lambda: jinja2.Template("{% if text %}Be kind.{% endif %}"),
    lambda: jinja2.Template("{% block one %}Be terse.{% endblock %}"),
    lambda: jinja2.Template("{% block one %}Be kind.{% endblock %}"),
    lambda: environment().from_string("Be terse. {{ text }}"),
    lambda: environment().from_string("Be terse. {{ text }}", globals={"tone": "stern"}),
    environment,
    jinja2.Environment,
    jinja2.sandbox.SandboxedEnvironment,
    lambda: changed(lambda made: made.filters.update(loud=str.lower)),
    lambda: changed(lambda made: made.filters.update(upper=str.lower)),
    lambda: changed(lambda made: made.tests.update(long=bool)),
    lambda: changed(lambda made: made.globals.update(tone="stern")),
    lambda: environment(trim_blocks=True),
    lambda: environment(undefined=jinja2.StrictUndefined),
    lambda: environment(autoescape=True),
    lambda: environment(extensions=["jinja2.ext.do"]),
    lambda: jinja2.Environment(loader=jinja2.DictLoader({"prompt": "Be terse."})),
    lambda: jinja2.Environment(loader=jinja2.DictLoader({"prompt": "Be kind."})),
    lambda: jinja2.Environment(loader=jinja2.FileSystemLoader("prompts")),
    lambda: jinja2.Environment(loader=jinja2.FileSystemLoader("other")),
    lambda: jinja2.Environment(loader=jinja2.ChoiceLoader([jinja2.DictLoader({"prompt": "Be terse."})])),
]


def test_equal_ones_have_equal_bytes_and_no_others() -> None:
    """Made again a template or an environment has the same bytes, and each of the others has other bytes."""
    assert [encode(make()) for make in ALL_DIFFERENT] == [encode(make()) for make in ALL_DIFFERENT]
    assert len(ALL_DIFFERENT) == len({encode(make()) for make in ALL_DIFFERENT})


HEAD = """
import jinja2
env = jinja2.Environment()
env.filters["loud"] = str.upper
old, held = env.globals["lipsum"], {}
env.globals["held"] = held
loaded = jinja2.Environment(loader=jinja2.DictLoader({"prompt": "Be terse."}))
T = env.from_string("Be terse. {{ x | loud }}")
class Own(jinja2.BaseLoader):
    text = "Be terse."
    def get_source(self, environment, template):
        return self.text, None, None
own = jinja2.Environment(loader=Own())
L = loaded.get_template("prompt")
"""


@pytest.mark.parametrize(
    ("expression", "change", "back"),
    [
        ("T.render(x=x)", "old = T; T = env.from_string('Be kind. {{ x | loud }}')", "T = old"),
        ("T.render(x=x)", "env.filters['loud'] = str.lower", "env.filters['loud'] = str.upper"),
        ("T.render(x=x)", "env.finalize = str", "env.finalize = None"),
        ("T.render(x=x)", "env.globals['tone'] = 'rude'", "del env.globals['tone']"),
        ("T.render(x=x)", "T.globals['tone'] = 'rude'", "del T.globals['tone']"),
        ("T.render(x=x)", "env.globals['lipsum'] = print", "env.globals['lipsum'] = old"),
        ("T.render(x=x)", "held['tone'] = 'rude'", "del held['tone']"),
        ("T.render(x=x)", "env.policies['truncate.leeway'] = 9", "env.policies['truncate.leeway'] = 5"),
        (
            "loaded.get_template('prompt').render()",
            "loaded.loader.mapping['prompt'] = 'Be kind.'",
            "loaded.loader.mapping['prompt'] = 'Be terse.'",
        ),
        ("L.render()", "loaded.loader.mapping['prompt'] = 'Be kind.'", "loaded.loader.mapping['prompt'] = 'Be terse.'"),
        ("own.get_template('prompt').render()", "Own.text = 'Be kind.'", "Own.text = 'Be terse.'"),
    ],
)
def test_a_change_is_seen_at_once(expression: str, change: str, back: str) -> None:
    """What a template or an environment in a global turns into is another fingerprint, until it is changed back."""
    cell = Cell(f"{HEAD}\ndef f(x=None):\n    return {expression}\n")
    before = cell.now()
    assert [] == before.scan.left
    assert before is cell.now()
    cell.run(change)
    assert before.digest != cell.now().digest
    cell.run(back)
    assert before.digest == cell.now().digest
