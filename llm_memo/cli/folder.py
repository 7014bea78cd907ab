"""The folder that a command is about."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from llm_memo.cache import Cache, Entry, _entry
from llm_memo.cli.talk import Stop
from llm_memo.stores.disk import Disk, Found, disk, function_folder


def files(cache: Cache, function: str | None = None) -> list[Found]:
    """The files of all entries, or of one function's, the latest first. None of them is read."""
    folder = None if function is None else function_folder(function)
    return sorted(disk(cache.path).found(folder), key=lambda found: found.written, reverse=True)


def entries(cache: Cache, found: Iterable[Found]) -> Iterator[Entry]:
    """The entries in these files, read one by one; what is not readable is passed over."""
    store = disk(cache.path)
    for each in found:
        try:
            yield _entry(each, store.load(each.path, each.key).header)
        except Exception:
            continue


def function_named(cache: Cache, name: str | None) -> str | None:
    """The one function with entries that is called ``name``, or whose last parts are; None for no name.

    Raises:
        Stop: There is none, or there are several.
    """
    if name is None:
        return None
    functions = cache.functions()
    if name in functions:
        return name
    found = [each for each in functions if each.endswith(f".{name}")]
    if len(found) == 1:
        return found[0]
    what = f"{name!r} can be several functions" if found else f"no entries of {name!r}; there are entries of"
    these = "".join(f"\n  {each}" for each in found or functions)
    raise Stop(f"{what}:{these or ' nothing'}")


class _Watched(Disk):
    """A store with a bar that grows as its entries are looked at."""

    def found(self, function: str | None = None) -> Iterator[Found]:
        """As `Disk.found`."""
        from tqdm import tqdm

        total = sum(1 for _ in super().found(function))
        yield from tqdm(super().found(function), total=total, unit=" entries", delay=0.5, leave=False, file=sys.stderr)


def watched(cache: Cache) -> Cache:
    """``cache``, which shows how far a long look has come, where somebody sees it and tqdm is installed."""
    if sys.stderr.isatty():
        try:
            import tqdm  # noqa: F401
        except ImportError:
            return cache
        cache._disk = _Watched(cache.path)
    return cache
