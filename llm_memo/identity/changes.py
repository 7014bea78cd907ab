"""What a call changed of what its own key is made of, and what somebody else changed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llm_memo.identity.call_key import CallKey
from llm_memo.identity.fingerprint import Snapshot
from llm_memo.identity.key import KeyBuilder, are_fixed
from llm_memo.identity.parts import Parts
from llm_memo.identity.scan import lazily
from llm_memo.identity.scan.part import Part


@dataclass(frozen=True, slots=True)
class Changed:
    """What differs after a call from before."""

    by_call: tuple[str, ...] = ()
    """Sentences, one for each value that the call itself changed."""
    by_others: tuple[str, ...] = ()
    """Parts that another task or thread has changed."""


NOTHING_CHANGED = Changed()


class Before:
    """What a call's key was made of before the function ran.

    Args:
        builder: Of the function.
        call_key: The call's key.
        values: What counts of its arguments, see `KeyBuilder.bind`.
    """

    def __init__(self, builder: KeyBuilder, call_key: CallKey, values: tuple[Any, ...]) -> None:
        self._builder = builder
        self._call_key = call_key
        self._values = values
        self._snapshots = builder.snapshots(call_key)
        for snapshot in self._snapshots:
            snapshot.texts  # noqa: B018 - made when it is first needed: now, before the values may change
        self._fixed = builder.version is not None or are_fixed(map(type, values))
        self._parts: Parts | None = None
        if not self._fixed:  # the call may change them
            self._parts = self.parts

    @property
    def parts(self) -> Parts:
        """All that the key is made of; made when it is first needed."""
        if self._parts is None:
            self._parts = self._builder.parts(self._call_key, self._values, self._snapshots)
        return self._parts

    def changed(self) -> Changed:
        """Compare with what it is made of now. What the call itself has made lazily counts as not yet made."""
        if self._builder.version is not None:
            return NOTHING_CHANGED
        for snapshot in self._snapshots:
            lazily.settle(snapshot.scan.candidates)
        try:
            if self._fixed and self._builder.head() == self._call_key.head:
                return NOTHING_CHANGED
            call_key = self._builder.key_of(self._values)
            if call_key.same(self._call_key):
                return NOTHING_CHANGED
            now = self._builder.snapshots(call_key)
            after = self._builder.parts(call_key, self._values, now).digests
        except Exception as fault:
            return Changed(by_call=(f"an argument, of which no key can be made any more ({type(fault).__name__})",))
        by_call: dict[object, str] = {}
        by_others: list[str] = []
        inside: dict[object, str] = {}
        """What came or went with a value that the call has changed: it is one change, not many."""
        came_or_went: list[str] = []
        texts_by_call: list[str] = []
        before = self.parts.digests
        for part in dict.fromkeys((*before, *after)):
            if before.get(part) == after.get(part):
                continue
            text = part.text
            owner, after_call = (
                next((each for each in side if part in each.parts), None) for side in (self._snapshots, now)
            )
            replaced = _is_inside_of_another(part, owner, after_call)
            owner = owner or after_call
            if owner is None:
                name = _argument(part)
                if name:
                    by_call.setdefault(name, _sentence(name, 0, f'ignore=("{name}",)'))
            elif part.kind == "import":  # the call has loaded a module that it imports under a condition
                return NOTHING_CHANGED
            elif any(_is_by_call(part, each, replaced) for each in (owner, after_call)):
                texts_by_call.append(text)
                place = owner.scan.places.get(part, (None,))[0]
                sentence = _sentence(text, _line(part, owner), self._way_out(part, owner))
                (by_call if part in before and part in after else inside).setdefault(place or text, sentence)
            elif part in before and part in after:
                by_others.append(text)
            else:
                came_or_went.append(text)
        # What is inside of a value that the call has changed came, or went, with it.
        by_others += [text for text in came_or_went if not text.startswith(tuple(texts_by_call))]
        return Changed(tuple(by_call.values()) or tuple(inside.values())[:1], tuple(by_others))

    def _way_out(self, part: Part, snapshot: Snapshot) -> str:
        """What the user writes to leave the value out."""
        owner, kind, name = part
        name = name.removesuffix(".get()").partition("[")[0].partition("(")[0].strip()
        if owner.startswith(("class ", "instance ")):
            return f'__memo_ignore__ = ("{name}",) in {owner}'
        parameter, _, attribute = name.partition(".")
        root, helper = (snapshot.code.get(Part(each, "code", "")) for each in ("", owner))
        if owner and helper is not None and parameter in helper.__code__.co_varnames:
            # It is a helper's parameter, whose name means nothing to the function.
            of_class = owner.partition(" ")[2].rpartition(".")[0]
            if parameter == "self" and attribute and of_class:
                return f'__memo_ignore__ = ("{attribute.partition(".")[0]}",) in class {of_class}'
            return f"ignore=, naming what is given to {owner} as {parameter}"
        if kind == "global" and root is not None and helper is not None and root.__globals__ is not helper.__globals__:
            return f'ignore=("{helper.__globals__.get("__name__", "")}:{name}",)'
        return f'ignore=("{name}",)'


def _argument(part: Part) -> str:
    """The parameter that a part is bound to, or is inside of; "" if it is no argument."""
    if part.kind == "argument" and not part.owner:
        return part.name
    inside, _, name = part.owner.partition(": ")[0].partition(" ")
    return name if inside == "argument" else ""


def _holder(part: Part, snapshot: Snapshot) -> object:
    """The identity of what holds the value of a part."""
    place, identity, _ = snapshot.scan.places.get(part, (None, 0, False))
    place = place or next(iter(snapshot.scan.holders.get(identity, ())), None)
    return place and place[0]


def _is_inside_of_another(part: Part, before: Snapshot | None, after: Snapshot | None) -> bool:
    """Whether what holds the value is another object than before the call: ``messages[-1]`` after an ``append``."""
    return before is None or after is None or _holder(part, before) != _holder(part, after)


def _is_by_call(part: Part, snapshot: Snapshot | None, replaced: bool) -> bool:
    """Whether the code that was reached writes to what the part is about, or hands it to code that may.

    Of a value whose holder came, went or was replaced, the code may have written to what the holder is inside of.
    """
    if snapshot is None:
        return False
    scan = snapshot.scan
    if part not in scan.places or not all(each.analysis.has_tree for each in scan.followed.values()):
        return True
    place, identity, is_installed = scan.places[part]
    if is_installed or identity in scan.writes:
        return True
    places = [*scan.holders.get(identity, ())] if place is None else [place]
    for place in places:
        if not {place, place[0], place[1]}.isdisjoint(scan.writes):
            return True
        if replaced:
            places += [each for each in scan.holders.get(place[0], ()) if each not in places]
    return False


def _line(part: Part, snapshot: Snapshot) -> int:
    place, identity, _ = snapshot.scan.places.get(part, (None, 0, False))
    around = (place, identity, place and place[0])
    return next((snapshot.scan.writes[each] for each in around if each in snapshot.scan.writes), 0)


def _sentence(what: str, line: int, way_out: str) -> str:
    where = f" (line {line})" if line else ""
    return (
        f"changed {what}{where}, which its key is made of: calls after it are other questions, and a hit does not make "
        f"the change. If no answer depends on it, leave it out with {way_out}"
    )
