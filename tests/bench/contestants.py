"""The contestants: llm_memo and its peers, each in its own usual way of use.

One that has no way to do a piece of work (an unhashable argument for `functools.lru_cache`, an
embedding for LangChain's cache of chat models) gives no function for it, and its cell stays empty.
"""

from __future__ import annotations

import functools
import importlib.util
import warnings
from pathlib import Path
from typing import Any

from .contestant import Cached, Contestant
from .work import CHAT, EMBEDDING, LARGE, TEXT, TOOLS, Work


class Memo(Contestant):
    """``@cached_completion``."""

    name = "llm_memo"
    package = ""
    holds = True
    setup = "from llm_memo import cached_completion\ncached_completion(f)"

    def cached(self, work: Work) -> Cached:
        """The decorator, with the folder given to it."""
        from llm_memo import cached_completion

        # The bench's own prepared replies stand for the model, which is no part of a question.
        return cached_completion(cache_dir=self.folder, ignore=("tests.bench.work:REPLIES",))(work.function)


class LruCache(Contestant):
    """``@functools.lru_cache``: the floor; it forgets with the process and shares what it hands out."""

    name = "lru_cache"
    package = ""
    keeps = False
    holds = True
    setup = "import functools\nfunctools.lru_cache(f)"

    def cached(self, work: Work) -> Cached | None:
        """The decorator, for hashable arguments."""
        return functools.lru_cache(maxsize=None)(work.function) if work in (TEXT, EMBEDDING, LARGE) else None


class DiskCache(Contestant):
    """``diskcache.Cache(folder).memoize()``."""

    name = "diskcache"
    package = "diskcache"
    setup = "import diskcache\ndiskcache.Cache(folder).memoize()(f)"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import diskcache

        self.cache = diskcache.Cache(str(folder))

    def cached(self, work: Work) -> Cached:
        """The method of one cache for all."""
        return self.cache.memoize()(work.function)  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close its database."""
        self.cache.close()


class Joblib(Contestant):
    """``joblib.Memory(folder, verbose=0).cache``."""

    name = "joblib"
    package = "joblib"
    setup = "import joblib\njoblib.Memory(folder, verbose=0).cache(f)"

    def cached(self, work: Work) -> Cached:
        """The method of a Memory."""
        import joblib

        return joblib.Memory(self.folder, verbose=0).cache(work.function)  # type: ignore[no-any-return]


class Cachier(Contestant):
    """``@cachier(cache_dir=folder)``, with its pickle core: one file per function."""

    name = "cachier"
    package = "cachier"
    setup = "from cachier import cachier\ncachier(cache_dir=folder)(f)"

    def cached(self, work: Work) -> Cached:
        """The decorator."""
        from cachier import cachier

        return cachier(cache_dir=self.folder)(work.function)  # type: ignore[no-any-return]


class Emboss(Contestant):
    """``@cached(SqliteCache(folder))`` of emboss, the store that it takes where none is named."""

    name = "emboss"
    package = "emboss"
    setup = "import emboss\nemboss.cached(emboss.SqliteCache(folder))(f)"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import emboss

        self.cache = emboss.SqliteCache(str(folder))

    def cached(self, work: Work) -> Cached:
        """The decorator, over one store for all."""
        import emboss

        return emboss.cached(self.cache)(work.function)  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close its database."""
        self.cache.close()


class Cachau(Contestant):
    """``@cache(persist=folder)`` of cachau."""

    name = "cachau"
    package = "cachau"
    setup = "import cachau\ncachau.cache(persist=folder)(f)"

    def cached(self, work: Work) -> Cached:
        """The decorator."""
        import cachau

        return cachau.cache(persist=str(self.folder))(work.function)  # type: ignore[no-any-return]


class Marimo(Contestant):
    """``@mo.persistent_cache(save_path=folder)`` in a cell of a marimo notebook, the only place where it is to be had.

    It pickles, as it does where nothing else is said.
    """

    name = "marimo"
    package = "marimo"
    heavy = True
    setup = "import marimo\nmarimo.persistent_cache"

    def cached(self, work: Work) -> Cached:
        """The function that the notebook defines, which says what the work's does."""
        from . import marimo_notebook

        return marimo_notebook.functions(self.folder)[work.function.__name__]


class LangChain(Contestant):
    """A chat model with LangChain's ``SQLiteCache``; it is asked through ``invoke``."""

    name = "LangChain"
    package = "langchain-community"
    heavy = True
    setup = (
        "from langchain_community.cache import SQLiteCache\n"
        "from langchain_core.globals import set_llm_cache\n"
        "from langchain_core.language_models.chat_models import BaseChatModel\n"
        "set_llm_cache(SQLiteCache(folder + '/langchain.db'))"
    )

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from langchain_community.cache import SQLiteCache
        folder.mkdir(parents=True, exist_ok=True)
        self.cache = SQLiteCache(str(folder / "langchain.db"))

    def cached(self, work: Work) -> Cached | None:
        """``model.invoke`` of a chat model whose answer is the work's."""
        if work is EMBEDDING:
            return None
        model = _chat_model(work)(cache=self.cache)
        if work is TOOLS:
            return lambda messages, tools: model.invoke(messages, tools=tools)
        return model.invoke  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close its database."""
        self.cache.engine.dispose()


def _chat_model(work: Work) -> Any:
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGeneration, ChatResult

    class Model(BaseChatModel):
        model: str = "gpt-5.2"

        def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any) -> ChatResult:
            answer = work.function(messages, options["tools"]) if work is TOOLS else work.function(messages)
            if isinstance(answer, str):
                return ChatResult(generations=[ChatGeneration(message=AIMessage(answer))])
            usage = answer.usage
            message = AIMessage(
                answer.choices[0].message.content,
                id=answer.id,
                response_metadata={"model_name": answer.model, "finish_reason": answer.choices[0].finish_reason},
                usage_metadata={
                    "input_tokens": usage.prompt_tokens,
                    "output_tokens": usage.completion_tokens,
                    "total_tokens": usage.total_tokens,
                },
            )
            return ChatResult(generations=[ChatGeneration(message=message)])

        @property
        def _llm_type(self) -> str:
            return "bench"

        @property
        def _identifying_params(self) -> dict[str, Any]:
            return {"model": self.model, "work": work.name}

    return Model


class DSPy(Contestant):
    """DSPy's two tiers, through the decorator that its ``LM`` puts around the model call."""

    name = "DSPy"
    package = "dspy"
    holds = True
    heavy = True
    setup = (
        "import dspy\nfrom dspy.clients.cache import request_cache\n"
        "dspy.configure_cache(disk_cache_dir=folder)\nrequest_cache(cache_arg_name='request')(f)"
    )

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import dspy

        dspy.configure_cache(disk_cache_dir=str(folder))

    def cached(self, work: Work) -> Cached:
        """A function of one ``request``, as ``dspy.LM`` makes it."""
        from dspy.clients.cache import request_cache

        names = _REQUEST[work.name]

        def complete(request: dict[str, Any]) -> Any:
            return work.function(*(request[name] for name in names))

        complete.__qualname__ = work.name
        cached = request_cache(cache_arg_name="request")(complete)

        def ask(*question: Any) -> Any:
            return cached(request={"model": "gpt-5.2", **dict(zip(names, question, strict=True))})

        return ask

    def close(self) -> None:
        """Close its databases."""
        import dspy

        dspy.cache.disk_cache.close()


_REQUEST = {
    TEXT.name: ("prompt",),
    LARGE.name: ("prompt",),
    EMBEDDING.name: ("input",),
    CHAT.name: ("messages",),
    TOOLS.name: ("messages", "tools"),
}

EVERY: tuple[type[Contestant], ...] = (
    *(Memo, LruCache, DiskCache, Joblib, Cachier),
    *(Emboss, Cachau, Marimo, LangChain, DSPy),
)


def installed() -> list[type[Contestant]]:
    """Those that can take part here: ours first."""
    return [kind for kind in EVERY if not kind.package or importlib.util.find_spec(_module(kind))]


def _module(kind: type[Contestant]) -> str:
    return kind.package.replace("-", "_")


def named(name: str) -> type[Contestant]:
    """The contestant called so."""
    return next(kind for kind in EVERY if kind.name == name)
