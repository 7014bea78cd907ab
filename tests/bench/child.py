"""What child processes do: ``python -m tests.bench.child TASK ARGUMENT…`` prints its result as JSON."""

from __future__ import annotations

import json
import sys

from . import crowd, fresh, loop, project, service, together

TASKS = {
    "prime": fresh.prime,
    "first": fresh.first,
    "held": fresh.held,
    "fill": crowd.fill,
    "among": crowd.among,
    "watch": crowd.watch,
    "ask": together.ask,
    "stops": loop.stops,
    "first_call": project.first_call,
    "asked": service.asked,
    "functions": service.functions,
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))
