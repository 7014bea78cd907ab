"""Why a call hits or misses: what its key is made of, and what differs from the nearest entry."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llm_memo.display.shown import Shown
from llm_memo.identity.key import CallKey, KeyBuilder
from llm_memo.settings import Settings
from llm_memo.stores import moved
from llm_memo.stores.disk import Disk, EntryFile, disk
from llm_memo.stores.entry import Header
from llm_memo.stores.folder import Owner

_COMPARED = 1_000
"""The latest so many entries of a function are compared with the call."""


@dataclass(frozen=True)
class Part:
    """One thing that an answer depends on."""

    name: str
    """Such as ``"argument model"``, ``"code"``, ``"global SYSTEM"``, ``"helper clean"``."""
    digest: str
    preview: str
    """Its value, redacted and cut short; "" where there is none to show."""


@dataclass(frozen=True)
class Explanation(Shown):
    """What `CachedFunction.explain` tells of one call."""

    function: str
    key: str
    outcome: str
    """``"hit"``, ``"miss"`` or ``"expired"``: what a call that reads would find."""
    parts: tuple[Part, ...]
    untracked: dict[str, str]
    """What the code reads and the key does not hold: name → why."""
    nearest: Header | None
    """The entry whose parts differ least; None on a hit, or when nothing is kept."""
    differences: tuple[str, ...]
    """What differs from it, such as ``"argument model: 'gpt-5.2' → 'gpt-5.2-mini'"``."""
    rejected: str = ""
    """Why the answer that this very call had lately, in this process, was not kept."""

    @property
    def reason(self) -> str:
        """The outcome and why, in one line."""
        if self.outcome != "miss":
            return self.outcome
        if self.rejected:
            return f"its last answer was returned and not kept: {self.rejected} (cache_if= decides what is kept)"
        if self.nearest is None:
            return f"no answer of {self.function} is kept here"
        changed = "; ".join(self.differences)
        return f"the nearest kept call differs in: {changed}" if changed else "its entry is not readable"

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        lines = [f"{self.function}: {self.outcome}", f"  key {self.key}"]
        if self.outcome == "miss":
            lines.append(f"  {self.reason}")
        width = max((len(part.name) for part in self.parts), default=0)
        lines += [f"  {part.name:<{width}}  {part.digest}  {part.preview}".rstrip() for part in self.parts]
        lines += [f"  not tracked: {name} ({why})" for name, why in self.untracked.items()]
        return "\n".join(lines)


def explain(
    key_builder: KeyBuilder,
    folder: str,
    owner: Owner,
    settings: Settings,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    why_not_stored: Callable[[str], str],
) -> Explanation:
    """Explain the call with these arguments, the instance first, without making it."""
    call_key = key_builder.key_of(args, kwargs)
    digests, previews = key_builder.parts(args, kwargs)
    outcome = outcome_of(call_key, folder, owner, settings)
    nearest = _nearest(disk(settings.cache_dir), folder, digests, previews) if outcome == "miss" else None
    return Explanation(
        function=key_builder.name,
        key=call_key.key,
        outcome=outcome,
        parts=tuple(Part(name, digest, previews.get(name, "")) for name, digest in digests.items()),
        untracked=key_builder.untracked(),
        nearest=nearest,
        differences=() if nearest is None else tuple(_differences(nearest, digests, previews)),
        rejected=why_not_stored(call_key.key) if outcome == "miss" else "",
    )


def outcome_of(call_key: CallKey, folder: str, owner: Owner, settings: Settings) -> str:
    """What a look at the store would find: ``"hit"``, ``"miss"`` or ``"expired"``."""
    store = disk(settings.cache_dir)
    path, key, hold = store.path(folder, call_key.key), call_key.key, settings.memory_bytes
    stored = store.read(path, key, hold) or moved.find(
        store, path, key, owner, lambda each: each.answers(call_key), hold
    )
    if stored is None or not stored.answers(call_key):
        return "miss"
    return "expired" if stored.expired(settings.ttl) else "hit"


def _nearest(store: Disk, folder: str, digests: dict[str, str], previews: dict[str, str]) -> Header | None:
    """The kept entry of which the fewest parts differ; of equals, that which looks most alike, then the latest."""
    try:
        latest = heapq.nlargest(_COMPARED, store.entry_files(folder), key=lambda file: file.written)
    except OSError:
        return None
    headers = (header for header in (_header(store, file) for file in latest) if header is not None)

    def distance(header: Header) -> tuple[int, float]:
        differing = {name for name, _ in header.provenance.parts.items() ^ digests.items()}
        return len(differing), -sum(
            _likeness(header.provenance.previews.get(name), previews.get(name)) for name in differing
        )

    return min(headers, key=distance, default=None)


def _likeness(one: str | None, other: str | None) -> float:
    """How much two previews have in common, 0 to 1; the quick upper bound of `difflib` is good enough."""
    import difflib

    return difflib.SequenceMatcher(None, one, other, autojunk=False).quick_ratio() if one and other else 0.0


def _header(store: Disk, file: EntryFile) -> Header | None:
    try:
        return store.load(file.path, file.key).header
    except Exception:
        return None


def _differences(header: Header, digests: dict[str, str], previews: dict[str, str]) -> list[str]:
    """What differs, each change once, though it may be seen in several parts."""
    parts, shown = header.provenance.parts, header.provenance.previews
    names = [*digests, *(name for name in parts if name not in digests)]
    changed = {name for name in names if parts.get(name) != digests.get(name)}
    gone = {parts[name]: name for name in names if name not in digests}
    renamed = {name: gone.pop(digests[name]) for name in names if name not in parts and digests[name] in gone}
    found = []
    seen: set[object] = set()
    for name in names:
        before, now = parts.get(name), digests.get(name)
        # The same value may be known to two modules, the same code stand under two decorated functions.
        change = name.rpartition(": ")[2].partition(" (")[0], before, now
        if name not in changed or name in renamed.values() or change in seen:
            continue
        seen.add(change)
        old, new = shown.get(name), previews.get(name)
        if (before is None or now is None) and any(_is_inside(name, other) for other in changed):
            continue  # it came, or went, with what it is a part of
        if name in renamed:
            found.append(f"{renamed[name]} is now {name}")
        elif before is None:
            found.append(f"{name} is new")
        elif now is None:
            found.append(f"{name} is gone")
        elif old is not None and new is not None and old != new:
            found.append(f"{name}: {old} → {new}")
        else:
            found.append(f"{name} changed")
    return found


def _is_inside(name: str, other: str) -> bool:
    """Whether a part is an aspect, an attribute or an item of another: ``helper g: docstring`` of ``helper g``."""
    return name.startswith((f"{other}: ", f"{other}.", f"{other}["))
