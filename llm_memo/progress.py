"""The progress bar of a batch, by tqdm where that is installed (extra ``[progress]``)."""

from __future__ import annotations

import sys
import warnings
from typing import Any, Literal

from llm_memo.stats import CacheInfo

Progress = bool | Literal["auto"]


def bar(progress: Progress, total: int) -> Any:
    """A bar in a terminal or a notebook; with ``True`` anywhere, with False, or without tqdm, none."""
    if progress is False or (progress == "auto" and not _is_watched()):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # without ipywidgets tqdm warns of its plainer bar
            from tqdm.auto import tqdm  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        if progress is True:
            raise ImportError("progress=True needs tqdm: pip install 'llm_memo[progress]'") from None
        return None
    return tqdm(total=total, unit="call")


def _is_watched() -> bool:
    """Whether somebody sees what is printed: in a terminal, or in a notebook, whose kernel runs here."""
    kernel = sys.modules.get("ipykernel.kernelapp")
    return sys.stderr.isatty() or (kernel is not None and kernel.IPKernelApp.initialized())


def postfix(before: CacheInfo, now: CacheInfo) -> str:
    """What a batch has come to so far: hits, calls, failures, tokens, money."""
    spent = now.tokens_spent - before.tokens_spent
    parts = [f"{now.hits - before.hits} hits", f"{now.paid - before.paid} calls"]
    if failed := now.errors - before.errors:
        parts.append(f"{failed} failed")
    if spent:
        parts.append(f"{spent:,} tokens")
        if (money := now.money_spent) is not None:
            parts.append(f"${money - (before.money_spent or 0):.4f}")
    return ", ".join(parts)
