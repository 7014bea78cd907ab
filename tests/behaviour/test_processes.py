"""One question is one question in every process.

A table: each way to another process, each kind of argument, asked there or here first. It runs with the newest
cloudpickle, which names code by value ``<dynamic-code>``, and on the oldest dependencies with 3.1.2, which does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from llm_memo.testing import ModelServer

pytestmark = pytest.mark.slow

SCRIPT = '''
import contextlib
import dataclasses
import enum
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import urllib.request
from concurrent.futures import ProcessPoolExecutor

from pydantic import BaseModel

from llm_memo import cached_completion


def model(prompt):
    """The id of the model's answer, which no two of its answers share."""
    order = json.dumps({"model": "m", "input": prompt}).encode()
    url = os.environ["MODEL"] + "/responses"
    with urllib.request.urlopen(urllib.request.Request(url, order, {"content-type": "application/json"})) as reply:
        return json.load(reply)["id"]


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


@dataclasses.dataclass
class Query:
    text: str
    mood: Mood


class City(BaseModel):
    name: str


@dataclasses.dataclass
class Answer:
    id: str
    mood: Mood
    city: City


@cached_completion
def of_text(text):
    return model(text)


@cached_completion
def of_query(query):
    return Answer(model(query.text), query.mood, City(name="Lyon"))


@cached_completion
def of_mood(text, mood):
    return Answer(model(text), mood, City(name="Lyon"))


@cached_completion
def of_city(text, city):
    return City(name=city.name + model(text))


class Helper:
    def __init__(self, style):
        self.style = style

    @cached_completion
    def ask(self, text):
        return Answer(model(self.style + text), Mood.BAD, City(name="Lyon"))


QUESTIONS = {
    "text": lambda text: (of_text, (text,), str),
    "dataclass": lambda text: (of_query, (Query(text, Mood.GOOD),), Answer),
    "enum": lambda text: (of_mood, (text, Mood.GOOD), Answer),
    "pydantic": lambda text: (of_city, (text, City(name="Paris")), City),
    "self": lambda text: (Helper("terse").ask, (text,), Answer),
}


def checked(function, arguments, kind):
    """An answer, and whether it is of the class that is so called here."""
    answer = function(*arguments)
    return answer, type(answer) is kind


@contextlib.contextmanager
def pool(method):
    with multiprocessing.get_context(method).Pool(1) as workers:
        yield workers.apply


@contextlib.contextmanager
def executor(made):
    with made as workers:
        yield lambda function, arguments: workers.submit(function, *arguments).result(60)


@contextlib.contextmanager
def parallel(backend):
    from joblib import Parallel, delayed

    yield lambda function, arguments: Parallel(n_jobs=2, backend=backend)([delayed(function)(*arguments)])[0]


@contextlib.contextmanager
def dask(scheduler, pool=contextlib.nullcontext()):
    from dask import delayed

    with pool as workers:
        yield lambda function, arguments: delayed(function)(*arguments).compute(scheduler=scheduler, pool=workers)


@contextlib.contextmanager
def distributed():
    from dask.distributed import Client

    with Client(n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
        yield lambda function, arguments: client.submit(function, *arguments, pure=False).result(60)


HAND = """
import pickle, sys, cloudpickle
function, arguments = pickle.loads(cloudpickle.dumps(pickle.load(sys.stdin.buffer)))
sys.stdout.buffer.write(cloudpickle.dumps(function(*arguments)))
"""


@contextlib.contextmanager
def by_hand():
    import cloudpickle

    def run(function, arguments):
        told = cloudpickle.dumps((function, arguments))
        done = subprocess.run([sys.executable, "-c", HAND], input=told, stdout=subprocess.PIPE, check=True)
        return pickle.loads(done.stdout)

    yield run


@contextlib.contextmanager
def mapped(backend):
    yield lambda function, arguments: (arguments[0].map([arguments[1]], backend=backend)[0], True)


def spawning():
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))


def loky():
    from joblib.externals.loky import ProcessPoolExecutor as Loky

    return Loky(1)


WAYS = {
    "fork": lambda: pool("fork"),
    "spawn": lambda: pool("spawn"),
    "forkserver": lambda: pool("forkserver"),
    "ProcessPoolExecutor": lambda: executor(spawning()),
    "loky": lambda: executor(loky()),
    "joblib loky": lambda: parallel("loky"),
    "joblib threading": lambda: parallel("threading"),
    "joblib multiprocessing": lambda: parallel("multiprocessing"),
    "map loky": lambda: mapped("loky"),
    "map multiprocessing": lambda: mapped("multiprocessing"),
    "dask threads": lambda: dask("threads"),
    "dask processes": lambda: dask("processes", spawning()),
    "dask distributed": distributed,
    "cloudpickle": by_hand,
}

if __name__ == "__main__":
    table = {}
    with WAYS[sys.argv[1]]() as there:
        for kind, question in QUESTIONS.items():
            for first in ("there", "here"):
                call = question(f"{kind}, {first} first")
                runs = [lambda: there(checked, call), lambda: checked(*call)]
                (one, right), (other, right_too) = [run() for run in (runs if first == "there" else runs[::-1])]
                table[f"{kind}, {first} first"] = {
                    "same": one == other and type(one) is type(other) is call[2],
                    "right": right and right_too,
                }
    print(json.dumps(table))
'''

WAYS = [
    "fork",
    "spawn",
    "forkserver",
    "ProcessPoolExecutor",
    "loky",
    "joblib loky",
    "joblib threading",
    "joblib multiprocessing",
    "map loky",
    "map multiprocessing",
    "dask threads",
    "dask processes",
    "dask distributed",
    "cloudpickle",
]
KINDS = ["text", "dataclass", "enum", "pydantic", "self"]
CELLS = [f"{kind}, {first} first" for kind in KINDS for first in ("there", "here")]


@pytest.mark.parametrize("way", WAYS)
def test_one_call_and_one_class_in_every_process(way: str, run: Callable[..., str], server: ModelServer) -> None:
    """A question asked in a script and in a worker costs one call; both get an answer of the script's own class."""
    table = json.loads(run(SCRIPT, way, name="agents.py", MODEL=server.base_url))
    assert {cell: {"same": True, "right": True} for cell in CELLS} == table
    assert len(CELLS) == server.requests
