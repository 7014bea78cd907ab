"""Real users: groups, users without a name or a home folder, homes and projects that they may only read."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.users,
    pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user"),
]

Run = Callable[..., str]
USERS, TEAM = (54_001, 54_002), 55_000

BECOME = """
    import json, os, sys, tempfile, traceback, warnings
    from pathlib import Path
    import llm_memo
    from llm_memo import Cache, cached_completion, configure
    from anew import forget

    calls = []

    @cached_completion(name="ask")
    def ask(text):
        calls.append(text)
        return text.upper()

    def warned(work):
        calls.clear()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            done = work()
        return [done, list(calls), [str(each.message) for each in caught]]

    # Whoever runs this from here on need not be able to read the interpreter's own folders.
    with configure(cache_dir=tempfile.mkdtemp()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ask("warm"), forget(), ask("warm"), ask.entries(), repr(ask.explain("cold")), Cache().verify(), Cache().clear()
        Cache().prune(max_entries=1)
        import difflib, platformdirs, grp, pwd, traceback
        import llm_memo.runtime.python
    forget()

    def as_user(user, work, groups=(), umask=0o022, **env):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.umask(umask)
                os.setgroups(groups)
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
                for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "USER", "LOGNAME"):
                    os.environ.pop(name, None)
                os.environ.update(env)
                tempfile.tempdir = None
                done = work()
            except BaseException:
                done = traceback.format_exc()
            os.write(writing, json.dumps(done).encode())
            os._exit(0)
        os.close(writing)
        with open(reading) as file:
            said = json.load(file)
        os.waitpid(child, 0)
        return said
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can get into, which pytest's own are not, with a temporary directory."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "temporary").mkdir()
    (folder / "temporary").chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def users(run: Run, place: Path) -> Callable[..., Any]:
    """Runs a program that has `as_user`; returns what it printed, as data."""

    def program(text: str, **env: str) -> Any:
        paths = os.pathsep.join(map(str, (Path(__file__).parents[2], Path(__file__).parents[1])))
        lines = "\n".join(line.removeprefix("    ") for line in (BECOME + text).splitlines())
        return json.loads(run(lines, TMPDIR=str(place / "temporary"), PYTHONPATH=paths, **env))

    return program


def modes(folder: Path) -> set[tuple[str, int, int]]:
    """Mode and group of each folder, and of each file, below a folder."""
    return {
        ("folder" if path.is_dir() else "file", stat.S_IMODE(path.stat().st_mode), path.stat().st_gid)
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize(
    ("mode", "umask"), [(0o2775, 0o002), (0o2775, 0o022), (0o2770, 0o077), (0o775, 0o022)], ids=oct
)
def test_two_users_of_a_group_share_a_folder(mode: int, umask: int, users: Callable[..., Any], place: Path) -> None:
    """In a group's folder, with one key, each reads, replaces and clears what the other wrote, without a warning."""
    team = place / "team"
    team.mkdir()
    os.chown(team, 0, TEAM)
    team.chmod(mode)
    said = users(
        f"""
    def one():
        return warned(lambda: ask("a"))

    def two():
        refresh = ask.with_options(policy="writeOnly")
        return [warned(lambda: ask("a")), warned(lambda: ask("b")), warned(lambda: refresh("a"))]

    def three():
        return [warned(lambda: ask("b")), Cache().verify()[:3], Cache().prune(max_entries=1).entries,
                warned(Cache().clear)[0][0]]

    rest = dict(groups=[{TEAM}], umask={umask})
    print(json.dumps([as_user({USERS[0]}, one, **rest), as_user({USERS[1]}, two, **rest),
                      as_user({USERS[0]}, three, **rest)]))
    """,
        LLM_MEMO_DIR=str(team),
        LLM_MEMO_KEY="one key for all of us",
    )
    one, two, three = said
    assert ["A", ["a"], []] == one
    assert [["A", [], []], ["B", ["b"], []], ["A", ["a"], []]] == two
    assert [["B", [], []], [2, [], []], 1, 1] == three


def test_what_is_made_in_a_groups_folder_has_its_mode(users: Callable[..., Any], place: Path) -> None:
    """Files and folders take mode and group of the folder, whatever the umask and the user's own group."""
    team = place / "team"
    team.mkdir()
    os.chown(team, 0, TEAM)
    team.chmod(0o775)
    text = f"print(json.dumps(as_user({USERS[0]}, lambda: warned(lambda: ask('a')), groups=[{TEAM}], umask=0o077)))"
    assert ["A", ["a"], []] == users(text, LLM_MEMO_DIR=str(team), LLM_MEMO_KEY="one key for all of us")
    assert {("folder", 0o775, TEAM), ("file", 0o664, TEAM)} == modes(team)


def test_a_new_folder_in_a_groups_project(users: Callable[..., Any], place: Path) -> None:
    """A cache folder that is made in a group's folder is the group's and nobody else's, if there is one key for all."""
    team = place / "team"
    team.mkdir()
    os.chown(team, 0, TEAM)
    team.chmod(0o2775)
    text = f"print(json.dumps([as_user(user, lambda: warned(lambda: ask('a')), groups=[{TEAM}]) for user in {USERS}]))"
    said = users(text, LLM_MEMO_DIR=str(team / "cache"), LLM_MEMO_KEY="one key for all of us")
    assert [["A", ["a"], []], ["A", [], []]] == said
    assert {("folder", 0o2770, TEAM), ("file", 0o660, TEAM)} == modes(team)


def test_a_new_folder_in_a_groups_project_without_a_key(users: Callable[..., Any], place: Path) -> None:
    """Without a common key nobody could read what another wrote: the folder is its maker's alone."""
    team = place / "team"
    team.mkdir()
    os.chown(team, 0, TEAM)
    team.chmod(0o2775)
    text = f"""
    print(json.dumps(as_user({USERS[0]}, lambda: warned(lambda: ask("a")), groups=[{TEAM}], HOME={str(place)!r},
                             XDG_CONFIG_HOME={str(place / "temporary" / "config")!r})))
    """
    assert ["A", ["a"], []] == users(text, LLM_MEMO_DIR=str(team / "cache"))
    assert {0o600, 0o700} == {mode & 0o777 for _, mode, _ in modes(team)}


@pytest.mark.parametrize("key", ["", "a key that only one of us has"], ids=["no key", "one has a key"])
@pytest.mark.parametrize("inside", ["", "cache"], ids=["the group's own", "made in it"])
def test_a_groups_folder_without_a_common_key(inside: str, key: str, users: Callable[..., Any], place: Path) -> None:
    """The second user's calls are made; each warning, one a cause, and each error names folder, reason and way out."""
    team = place / "team"
    for folder, owner, group, mode in [
        (team, 0, TEAM, 0o2775),
        *((place / str(user), user, user, 0o700) for user in USERS),
    ]:
        folder.mkdir()
        os.chown(folder, owner, group)
        folder.chmod(mode)
    said = users(
        f"""
    def error_of(work):
        try:
            work()
        except llm_memo.StoreError as error:
            return str(error)

    def two():
        works = (ask.entries, Cache().info, Cache().clear, Cache().verify)
        return [warned(lambda: [ask("a"), ask("b")]), [error_of(work) for work in works]]

    homes = [{str(place)!r} + f"/{{user}}" for user in {USERS}]
    one = as_user({USERS[0]}, lambda: warned(lambda: ask("a")), groups=[{TEAM}], HOME=homes[0])
    key = dict(LLM_MEMO_KEY={key!r}) if {key!r} else {{}}
    print(json.dumps([one, *as_user({USERS[1]}, two, groups=[{TEAM}], HOME=homes[1], **key)]))
    """,
        LLM_MEMO_DIR=str(team / inside),
    )
    first, second, errors = said
    assert ["A", ["a"]] == first[:2]
    assert [["A", "B"], ["a", "b"]] == second[:2]
    assert (1 if inside or key else 2) == len(second[2]), second[2]
    assert [bool(inside)] * 4 == [error is not None for error in errors]
    for message in [*second[2], *filter(None, errors)]:
        for part in (str(team / inside), "LLM_MEMO_KEY", "llm-memo key new"):
            assert part in message
    if inside:
        assert f"{team / inside}, a cache folder, belongs to another user and cannot be read" in second[2][0]


def test_a_closed_folder_in_a_shared_one(users: Callable[..., Any], place: Path) -> None:
    """Where the folder of one function is another user's alone, one warning names it, for all its entries."""
    team = place / "team"
    team.mkdir()
    os.chown(team, 0, TEAM)
    team.chmod(0o2775)
    said = users(
        f"""
    one = as_user({USERS[0]}, lambda: warned(lambda: ask("a")), groups=[{TEAM}])
    os.chmod({str(team / "ask")!r}, 0o700)
    print(json.dumps(as_user({USERS[1]}, lambda: warned(lambda: [ask("a"), ask("b")]), groups=[{TEAM}])))
    """,
        LLM_MEMO_DIR=str(team),
        LLM_MEMO_KEY="one key for all of us",
    )
    assert [["A", "B"], ["a", "b"]] == said[:2]
    (message,) = said[2]
    assert f"{team / 'ask'}, in a cache folder, belongs to another user and cannot be read: Perm" in message
    assert "chmod -R" in message


@pytest.mark.parametrize("shut", ["ask", "ask/*"], ids=["function", "shards"])
def test_listings_beside_a_closed_folder(shut: str, users: Callable[..., Any], place: Path) -> None:
    """Listing, clearing and checking go on with what another user has not closed; one warning names what is."""
    team = place / "team"
    team.mkdir()
    os.chown(team, 0, TEAM)
    team.chmod(0o2775)
    said = users(
        f"""
    import contextlib, io
    from llm_memo.cli import main

    @cached_completion(name="told")
    def told(text):
        return text

    def error_of(work):
        try:
            return str(work())
        except llm_memo.StoreError as error:
            return str(error)

    def two():
        told("a")
        cache = Cache()
        return [
            warned(lambda: [[each.function for each in cache.entries()], cache.info().entries, cache.functions(),
                            cache.verify().entries, main(["ls"]), main(["info"]), repr(cache)[:5]]),
            [error_of(work) for work in (ask.entries, ask.cache_clear, lambda: cache.clear("ask"))],
            warned(lambda: [cache.prune(max_entries=5).entries, cache.clear().entries, cache.info().entries]),
        ]

    one = as_user({USERS[0]}, lambda: warned(lambda: ask("a")), groups=[{TEAM}])
    for path in Path({str(team)!r}).glob({shut!r}):
        if path.is_dir():
            path.chmod(0o700)
    with contextlib.redirect_stdout(io.StringIO()):
        said = as_user({USERS[1]}, two, groups=[{TEAM}])
    print(json.dumps(said))
    """,
        LLM_MEMO_DIR=str(team),
        LLM_MEMO_KEY="one key for all of us",
    )
    assert isinstance(said, list), said
    listed, errors, cleared = said
    assert [["told"], 1, ["told"], 1, 0, 0, "Cache"] == listed[0]
    (message,) = listed[2]
    assert f"{team / shut.partition('/')[0]}" in message
    assert "belongs to another user and cannot be read. Where several are to share it" in message
    for error in errors[shut != "ask" :]:  # entries() goes on with what is not closed of a function
        assert error.startswith(f"{team / 'ask'}")
        assert "in a cache folder, belongs to another user" in error
    assert [0, 1, 0] == cleared[0]
    assert [] == cleared[2]
    assert 1 == len([*team.glob("ask/*/*.joblib")])
    assert 1 == len([*team.glob("ask/*.function")])


def test_a_user_without_name_or_home(users: Callable[..., Any], place: Path) -> None:
    """Without a home folder answers are kept in the temporary directory, for this user alone, and it is told."""
    said = users(
        f"""
    def first():
        off = ask.with_options(policy="off")
        return [warned(lambda: off("z")), warned(lambda: ask("a")), warned(lambda: ask("a")), Cache().path]

    os.environ.pop("LLM_MEMO_DIR")
    os.chdir("/")
    sys.modules["__main__"].__file__ = None
    print(json.dumps([as_user({USERS[0]}, first), as_user({USERS[0]}, lambda: warned(lambda: ask("a")))]))
    """
    )
    (off, first, second, path), third = said
    folder = place / "temporary" / f"llm_memo-{USERS[0]}"
    assert ["Z", ["z"], []] == off
    assert str(folder) == path
    assert ["A", ["a"]] == first[:2]
    assert 2 == len(first[2])
    assert ["A", [], []] == second
    assert ["A", []] == third[:2]
    assert all("no home folder" in each for each in [*first[2], *third[2]])
    for each in (folder, folder.with_name(f"{folder.name}-config")):
        assert (0o700, USERS[0]) == (stat.S_IMODE(each.stat().st_mode), each.stat().st_uid)


@pytest.mark.parametrize("planted", ["", "-config"], ids=["folder", "key"])
def test_a_planted_folder_is_not_used(planted: str, users: Callable[..., Any], place: Path) -> None:
    """Where another user has made the temporary folder first, the call is made, told of, and nothing is put there."""
    folder = place / "temporary" / f"llm_memo-{USERS[0]}{planted}"
    folder.mkdir()
    os.chown(folder, USERS[1], USERS[1])
    folder.chmod(0o777)
    said = users(
        f"""
    os.environ.pop("LLM_MEMO_DIR")
    os.chdir("/")
    sys.modules["__main__"].__file__ = None
    print(json.dumps(as_user({USERS[0]}, lambda: warned(lambda: ask("a")))))
    """
    )
    assert ["A", ["a"]] == said[:2]
    assert any("LLM_MEMO_" in each and ("not yours alone" in each or "another user's" in each) for each in said[2])
    assert [] == list(folder.iterdir())


def test_a_home_for_reading_only(users: Callable[..., Any], place: Path) -> None:
    """With a home folder that cannot be written to, the key is in the temporary directory, and answers are kept."""
    home, project = place / "home", place / "project"
    for folder in (home, project):
        folder.mkdir()
    home.chmod(0o555)
    os.chown(project, USERS[0], USERS[0])
    text = f"""
    print(json.dumps([as_user({USERS[0]}, lambda: warned(lambda: ask("a")), HOME={str(home)!r}) for _ in range(2)]))
    """
    first, second = users(text, LLM_MEMO_DIR=str(project / ".llm_memo"))
    assert ["A", ["a"]] == first[:2]
    assert 1 == len(first[2])
    assert "LLM_MEMO_KEY" in first[2][0]
    assert ["A", [], []] == second


def test_a_project_for_reading_only(users: Callable[..., Any], place: Path) -> None:
    """In a project that cannot be written to, the user's own cache folder serves; one that is there is read."""
    home, project = place / "home", place / "project"
    for folder in (home, project):
        folder.mkdir()
    os.chown(home, USERS[0], USERS[0])
    (project / "pyproject.toml").touch()
    said = users(
        f"""
    os.environ.pop("LLM_MEMO_DIR")
    os.chdir({str(project)!r})
    sys.modules["__main__"].__file__ = None
    work = lambda: [warned(lambda: ask("a")), Cache().path]
    print(json.dumps([as_user({USERS[0]}, work, HOME={str(home)!r}) for _ in range(2)]))
    """
    )
    path = str(home / ".cache" / "llm_memo")
    assert [[["A", ["a"], []], path], [["A", [], []], path]] == said


def test_a_folder_that_cannot_be_written_names_the_way_out(users: Callable[..., Any], place: Path) -> None:
    """A folder that may only be read is named in the warning, with what to do; the answer is returned."""
    folder = place / "cache"
    folder.mkdir()
    text = f"print(json.dumps(as_user({USERS[0]}, lambda: warned(lambda: ask('a')))))"
    said = users(text, LLM_MEMO_DIR=str(folder), LLM_MEMO_KEY="a long random text")
    assert ["A", ["a"]] == said[:2]
    (message,) = said[2]
    for part in ("Permission denied", str(folder), "cache_dir=", "LLM_MEMO_DIR", "readOnly"):
        assert part in message


def test_a_file_that_may_not_be_linked_is_copied(users: Callable[..., Any], place: Path) -> None:
    """Where the system lets nobody link to another's file, the answer of a renamed function is copied."""
    if Path("/proc/sys/fs/protected_hardlinks").read_text().strip() != "1":
        pytest.skip("this system lets anybody link to anything")
    team = place / "team"
    team.mkdir()
    os.chown(team, 0, TEAM)
    team.chmod(0o2775)
    said = users(
        f"""
    from llm_memo.stores import moved
    from llm_memo.stores.disk import disk
    from llm_memo.stores.folder import Owner
    from llm_memo.stores.slot import Slot

    def one():
        ask("a")
        entry = ask.entries()[0]
        os.chmod(entry.path, 0o644)
        return [entry.key, entry.path, ask._self_memo.owner().code]

    rest = dict(groups=[{TEAM}], umask=0o002)
    key, path, code = as_user({USERS[0]}, one, **rest)

    def two():
        store = disk({str(team)!r})
        mine = store.path("renamed", key)
        slot = Slot(store, mine, Owner("renamed", "", code))
        found = moved.find(slot, lambda each: True, 1 << 20, link=True)
        return [found.thaw(), os.path.samefile(mine, path), os.stat(mine).st_uid, Cache().verify()[0]]

    print(json.dumps(as_user({USERS[1]}, two, **rest)))
    """,
        LLM_MEMO_DIR=str(team),
        LLM_MEMO_KEY="one key for all of us",
    )
    assert ["A", False, USERS[1], 2] == said


def test_a_source_file_that_this_user_cannot_read(users: Callable[..., Any], place: Path) -> None:
    """Its functions are keyed without their source, without an error or a warning, and `explain` says so."""
    import py_compile

    text = "from llm_memo import cached_completion\n\n\n@cached_completion\ndef ask(text):\n    return text.upper()\n"
    (place / "hidden.py").write_text(text)
    (place / "__pycache__").mkdir(mode=0o755)
    Path(py_compile.compile(str(place / "hidden.py"), doraise=True)).chmod(0o644)
    (place / "hidden.py").chmod(0o600)
    (place / "cache").mkdir(mode=0o700)
    os.chown(place / "cache", USERS[0], -1)
    [answer, calls, warnings], again, untracked = users(
        f"""
    sys.path.insert(0, {str(place)!r})

    def work():
        from importlib.machinery import SourcelessFileLoader
        from importlib.util import cache_from_source, module_from_spec, spec_from_file_location
        file = {str(place / "hidden.py")!r}
        assert not os.access(file, os.R_OK)
        spec = spec_from_file_location("hidden", file, loader=SourcelessFileLoader("hidden", cache_from_source(file)))
        hidden = module_from_spec(spec)
        spec.loader.exec_module(hidden)
        assert hidden.ask.__code__.co_filename == file
        first = warned(lambda: hidden.ask("a"))
        return [first, warned(lambda: hidden.ask.is_cached("a"))[0], sorted(hidden.ask.explain("a").untracked)]

    print(json.dumps(as_user({USERS[0]}, work)))
    """,
        LLM_MEMO_DIR=str(place / "cache"),
        LLM_MEMO_KEY="one key for all of us",
    )
    assert ("A", [], []) == (answer, calls, warnings)
    assert again
    assert ["source of the function"] == untracked
