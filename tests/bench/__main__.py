"""``python -m tests.bench``: run the bench, print its table, write JSON, a picture and the profile."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

from . import (
    crowd,
    curves,
    exchanges,
    frames,
    fresh,
    growth,
    hits,
    identity,
    keys,
    loop,
    objects,
    picture,
    project,
    service,
    steps,
    together,
    values,
)
from .contestants import installed
from .run import Part, Run, of_our_own
from .table import Table

HERE = Path(__file__).parent
PARTS: dict[str, Part] = {
    **hits.PARTS,
    **objects.PARTS,
    **fresh.PARTS,
    **project.PARTS,
    **keys.PARTS,
    **values.PARTS,
    **crowd.PARTS,
    **together.PARTS,
    **loop.PARTS,
    **exchanges.PARTS,
    **growth.PARTS,
    **service.PARTS,
}


def options() -> argparse.ArgumentParser:
    """What the command line may say."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="few rounds, without DSPy and LangChain: a look, not a measurement"
    )
    parser.add_argument("--full", action="store_true", help="1,000,000 entries in place of 100,000; needs 4 GB of disk")
    parser.add_argument("--only", metavar="ROW", action="append", help=f"only some rows: {', '.join(PARTS)}")
    parser.add_argument(
        "--record", action="store_true", help="write bench.json, bench.svg and growth.svg in tests/bench"
    )
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the figures, with quartiles")
    parser.add_argument("--svg", type=Path, metavar="PATH", help="draw the hits and misses")
    parser.add_argument("--curves", type=Path, metavar="PATH", help="draw how times grow")
    parser.add_argument("--profile", action="store_true", help="where the time of one hit goes, by step; nothing else")
    parser.add_argument("--calls", action="store_true", help="the functions that a miss and a hit call; nothing else")
    parser.add_argument("--write", action="store_true", help="with --profile: put it into tests/bench/README.md")
    parser.add_argument("--identity", action="store_true", help="the score of each on tests/identity; nothing else")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = options()
    told = parser.parse_args(arguments)
    parts = told.only or list(PARTS)
    if unknown := [part for part in parts if part not in PARTS]:
        parser.error(f"no row {unknown[0]!r}; there are {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory(prefix="llm_memo-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        of_our_own(folder)
        kinds = tuple(kind for kind in installed() if not (told.quick and kind.heavy))
        run = Run(kinds, folder, told.quick, told.full)
        if told.identity:
            print("\n".join(identity.scores(folder, kinds)))
        elif told.calls:
            frames.show(run)
        elif told.profile:
            steps.show(run, write=told.write)
        else:
            if told.record:
                told.json, told.svg, told.curves = HERE / "bench.json", HERE / "bench.svg", HERE / "growth.svg"
            return _measure(run, parts, told.json, told.svg, told.curves)
    return 0


def _measure(run: Run, parts: list[str], json: Path | None, svg: Path | None, curved: Path | None) -> int:
    table = Table(run.kinds)
    begun = time.perf_counter()
    failed = []
    for part in parts:
        started = time.perf_counter()
        try:
            table.rows += PARTS[part](run)
        except Exception:  # the other rows are worth having
            traceback.print_exc()
            failed.append(part)
        print(f"{part}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    print("\n".join(table.lines()))
    print()
    print("\n".join(dict.fromkeys(table.notes())))
    print(f"{table.score()}, in {time.perf_counter() - begun:.0f} s. {table.machine()}")
    if json:
        table.write(json)
    if svg:
        svg.write_text(picture.draw(table))
    if curved:
        curved.write_text(curves.draw(table))
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
