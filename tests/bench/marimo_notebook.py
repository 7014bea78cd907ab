"""A marimo notebook: the functions of `work` under `marimo.persistent_cache`, which is there for cells only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import marimo

_FOLDER = "BENCH_MARIMO_FOLDER"
app = marimo.App()


@app.cell
def _():  # type: ignore[no-untyped-def]
    import os

    import marimo as mo

    from tests.bench.work import SYSTEM, reply

    folder = os.environ["BENCH_MARIMO_FOLDER"]
    return SYSTEM, folder, mo, reply


@app.cell
def _(SYSTEM, folder, mo, reply):  # type: ignore[no-untyped-def]
    @mo.persistent_cache(save_path=folder)  # type: ignore[untyped-decorator]
    def summarize(text, *, model="gpt-5.2"):  # type: ignore[no-untyped-def]
        return reply(SYSTEM, text, model)

    @mo.persistent_cache(save_path=folder)  # type: ignore[untyped-decorator]
    def digest(text, *, model="gpt-5.2"):  # type: ignore[no-untyped-def]
        return reply(SYSTEM, text, model)

    @mo.persistent_cache(save_path=folder)  # type: ignore[untyped-decorator]
    def chat(messages, *, model="gpt-5.2", temperature=0.0):  # type: ignore[no-untyped-def]
        return reply(SYSTEM, messages, model, temperature)

    @mo.persistent_cache(save_path=folder)  # type: ignore[untyped-decorator]
    def act(messages, tools, *, model="gpt-5.2"):  # type: ignore[no-untyped-def]
        return reply(SYSTEM, messages, tools, model)

    @mo.persistent_cache(save_path=folder)  # type: ignore[untyped-decorator]
    def embed(text, *, model="text-embedding-3-small"):  # type: ignore[no-untyped-def]
        return reply(text, model)

    return act, chat, digest, embed, summarize


def functions(folder: Path) -> dict[str, Any]:
    """What the notebook defines when it is run over a folder."""
    os.environ[_FOLDER] = str(folder)
    _, defined = app.run()
    return dict(defined)
