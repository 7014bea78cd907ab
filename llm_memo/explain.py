"""Why a call hits or misses: what its key is made of, and what differs from the nearest entry."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from llm_memo.differences import Difference, differences
from llm_memo.display.shown import Shown
from llm_memo.identity.call_key import CallKey
from llm_memo.identity.key import KeyBuilder
from llm_memo.identity.parts import Parts
from llm_memo.identity.scan import part as identity
from llm_memo.settings import Settings
from llm_memo.stores import moved
from llm_memo.stores.disk import Disk, disk
from llm_memo.stores.entry import Header
from llm_memo.stores.folder import EntryFile, Owner, entry_files
from llm_memo.stores.slot import Slot

_COMPARED = 1_000
"""A call is compared with at most this many entries of its function, the latest ones."""


@dataclass(frozen=True)
class Part:
    """One thing that an answer depends on."""

    owner: str
    """The function, class or instance that reads or holds it; "" for the cached function itself."""
    kind: str
    """``"argument"``, ``"global"``, ``"closure"``, ``"attribute"``, ``"code"``, ``"installed"``, …"""
    name: str
    """The chain that leads to it, such as ``"CFG['model']"``; "" for the owner's own code."""
    digest: str
    preview: str
    """Its value, redacted and cut short; "" where there is none to show."""

    @property
    def text(self) -> str:
        """The part in words: ``"argument model"``, ``"code"``, ``"global SYSTEM"``, ``"helper clean: global A"``."""
        return identity.Part(self.owner, self.kind, self.name).text

    @property
    def concern(self) -> Concern:
        """What it is to the user."""
        if self.kind in ("argument", "sample", "version") and (not self.owner or self.kind != "argument"):
            return "arguments" if "." not in self.name and "[" not in self.name else "settings"
        if self.kind == "installed":
            return "installed"
        if self.kind in _OF_CODE:
            return "code" if not self.owner else "helpers"
        return "settings"


Concern = Literal["arguments", "settings", "code", "helpers", "installed"]
_OF_CODE = frozenset(
    {"code", "statement", "function", "bases", "name", "docstring", "annotations", "class", "members", "decorated"}
)
"""Kinds of parts that are code."""


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
    changes: tuple[Difference, ...] = ()
    """What differs from it: of code its lines, of values both."""
    rejected: str = ""
    """Why the answer that this very call had lately, in this process, was not kept."""

    @property
    def differences(self) -> tuple[str, ...]:
        """What differs from it, each in a line: ``"argument model: 'gpt-5.2' → 'gpt-5.2-mini'"``."""
        return tuple(map(str, self.changes))

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
        from llm_memo.display.plain import rendered
        from llm_memo.display.shown import sheet_of

        lines = rendered(sheet_of(self)).split("\n")[1:]
        return "\n".join([f"{self.function}: {self.outcome}", f"  key {self.key}", *lines])


def explain(
    key_builder: KeyBuilder,
    call_key: CallKey,
    folder: str,
    owner: Owner,
    settings: Settings,
    values: tuple[Any, ...],
    why_not_stored: Callable[[str], str],
) -> Explanation:
    """Explain the call with this key, of which these ``values`` count (see `KeyBuilder.bind`), without making it."""
    parts = key_builder.parts(call_key, values, key_builder.snapshots(call_key))
    outcome = outcome_of(call_key, folder, owner, settings)
    nearest = _nearest(disk(settings.cache_dir), folder, parts) if outcome == "miss" else None
    return Explanation(
        function=key_builder.name,
        key=call_key.key,
        outcome=outcome,
        parts=tuple(Part(*part, digest, parts.previews.get(part, "")) for part, digest in parts.digests.items()),
        untracked=key_builder.untracked(call_key),
        nearest=nearest,
        changes=() if nearest is None else tuple(differences(nearest.provenance, parts)),
        rejected=why_not_stored(call_key.key) if outcome == "miss" else "",
    )


def outcome_of(call_key: CallKey, folder: str, owner: Owner, settings: Settings) -> str:
    """What a look at the store would find: ``"hit"``, ``"miss"`` or ``"expired"``."""
    store = disk(settings.cache_dir)
    slot = Slot(store, store.path(folder, call_key.key), owner)
    stored = store.read(slot.path, slot.key, settings.memory_bytes) or moved.find(
        slot, lambda each: each.answers(call_key), settings.memory_bytes
    )
    if stored is None or not stored.answers(call_key):
        return "miss"
    return "expired" if stored.expired(settings.ttl) else "hit"


def _nearest(store: Disk, folder: str, parts: Parts) -> Header | None:
    """The kept entry of which the fewest parts differ; of equals, that which looks most alike, then the latest."""
    try:
        latest = heapq.nlargest(_COMPARED, entry_files(store.root, folder), key=lambda file: file.written)
    except OSError:
        return None
    digests = {part.text: digest for part, digest in parts.digests.items()}
    previews = {part.text: text for part, text in parts.previews.items()}
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
