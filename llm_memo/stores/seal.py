"""The seal: what tells an entry that this user wrote from any other file.

A keyed BLAKE2b (RFC 7693) over the entry and the key that names it, checked before anything is
unpickled. Entries are sealed with `LLM_MEMO_KEY`, or with 32 random bytes in the user's own config
folder, never in the cache folder: a cache folder that came with a cloned repository cannot run code
here. They are read with each of the keys that the user has, those in `LLM_MEMO_OLD_KEYS` among
them, so that setting a key loses nothing.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import os
import secrets
import stat
from typing import NamedTuple

from llm_memo import location
from llm_memo.errors import MemoWarning, StoreError, warn
from llm_memo.runtime import environ
from llm_memo.stores import files

SIZE = 32
"""Bytes of a seal, and of the key that it is made with."""
_FILE = "seal.key"


def sealed(key: bytes, magic: bytes, name: str, body: bytes | memoryview) -> bytes:
    """The seal over an entry of this format and name, made with ``key``."""
    text = name.encode("utf-8", "surrogatepass")
    seal = hashlib.blake2b(b"%b%d:%b" % (magic, len(text), text), key=key, digest_size=SIZE, person=b"llm_memo entry")
    seal.update(body)
    return seal.digest()


def same(one: bytes, other: bytes) -> bool:
    """Whether two seals are equal, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(one, other)


class Key(NamedTuple):
    """One of the keys that the user has."""

    secret: bytes
    source: str
    """The variable or the file that it is from."""

    @property
    def name(self) -> str:
        """Eight hex digits by which two keys can be distinguished, and which say nothing of either."""
        return hashlib.blake2b(self.secret, digest_size=4, person=b"llm_memo name").hexdigest()


def seal_key() -> bytes:
    """The key that entries are sealed with; a key file is made when there is none.

    Raises:
        StoreError: The key file cannot be made or read, or is not this user's alone.
        InvalidOption: ``LLM_MEMO_KEY`` is too short.
    """
    return seal_keys()[0].secret


def seal_keys() -> tuple[Key, ...]:
    """The keys that entries are read with; the first is `seal_key`.

    Raises:
        StoreError: As `seal_key`.
        InvalidOption: As `seal_key`.
    """
    return _seal_keys(_read_environment())


_read_environment = environ.reader("LLM_MEMO_KEY", "LLM_MEMO_OLD_KEYS", "XDG_CONFIG_HOME", "HOME")


@functools.lru_cache(maxsize=16)
def _seal_keys(_: tuple[object, ...]) -> tuple[Key, ...]:
    given, old = environ.seal_texts()
    keys = [Key(_from_text(given), "LLM_MEMO_KEY")] if given else []
    path = key_file()
    if not given:
        keys.append(Key(_from_file(path), path))
    keys += [Key(_from_text(text), "LLM_MEMO_OLD_KEYS") for text in old]
    if given:
        try:
            keys.append(Key(_read(path), path))
        except OSError:  # there is none, or none of use
            pass
    return tuple(keys)


def key_file() -> str:
    """Where the key is kept when ``LLM_MEMO_KEY`` does not give one."""
    folder = location.user_folder("config")
    path = os.path.join(folder, _FILE)
    if os.path.isdir(folder) and not os.access(folder, os.W_OK) and not os.path.lexists(path):
        return os.path.join(location.temporary_folder("config"), _FILE)
    return path


def new_text() -> str:
    """A random text for ``LLM_MEMO_KEY``, of 256 bits."""
    return secrets.token_urlsafe(SIZE)


def _from_text(given: str) -> bytes:
    return hashlib.blake2b(os.fsencode(given), digest_size=SIZE, person=b"llm_memo key").digest()


def _from_file(path: str) -> bytes:
    try:
        try:
            return _read(path)
        except FileNotFoundError:
            _make_folder(os.path.dirname(path))
            # Lasting: a key lost in a power cut would take every entry with it.
            files.write_whole(path, [secrets.token_bytes(SIZE)], place=_first, lasting=True)
            return _read(path)
    except StoreError:
        raise
    except OSError as fault:
        error = StoreError(
            f"no key to seal entries with: {path}: {fault.strerror or fault}; "
            "set LLM_MEMO_KEY to a long random text, or make that file and folder your own"
        )
        error.errno = fault.errno
        raise error from fault


def _make_folder(path: str) -> None:
    """Make the folder of the key; say so if it is a temporary one, and never trust one that another user has made."""
    os.makedirs(path, mode=0o700, exist_ok=True)
    if path != location.temporary_folder("config"):
        return
    if not files.is_private(path):
        raise StoreError(f"no key to seal entries with: {path} is another user's; set LLM_MEMO_KEY")
    warn(
        MemoWarning,
        f"there is no home folder that can be written to: the key that seals entries is in {path}, and without it "
        "they cannot be read. Set LLM_MEMO_KEY to keep them longer than the temporary folder; "
        "llm-memo key new prints a key",
    )


def _first(fresh: str, path: str) -> None:
    """Put ``fresh`` at ``path`` unless another process has been quicker: its key is then this one's too."""
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        os.replace(fresh, path)
        return
    os.unlink(fresh)


def _read(path: str) -> bytes:
    descriptor = os.open(path, files.READING)
    try:
        status = os.fstat(descriptor)
        key = os.read(descriptor, SIZE + 1) if stat.S_ISREG(status.st_mode) else b""
    finally:
        os.close(descriptor)
    if os.name == "posix" and (status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077):
        raise StoreError(
            f"the key that seals entries, {path}, can be read by others or belongs to another user; make it "
            "your own with mode 0600, or remove it: a new one is made, and older entries are no longer trusted"
        )
    if len(key) != SIZE:
        raise StoreError(f"the key that seals entries, {path}, is damaged; remove it and a new one is made")
    return key
