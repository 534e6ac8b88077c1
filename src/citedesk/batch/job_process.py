"""The process of a job's step: `python -P -m citedesk.batch.job_process ORDER`, started by `supervisor.py`.

It says on standard output, in JSON lines, how far it is, and at last that it is finished or what is wrong. It stops at
the next transaction when it gets SIGTERM or its parent is gone. Nothing heavy is imported before the process has
stepped aside: threads that libraries start keep the priority they were started with.
"""

import json
import os
import signal
import sys
from collections.abc import Callable


def step_aside() -> None:
    """Take a processor only while nobody else wants it; the processes started from here do likewise."""
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except (AttributeError, OSError):
        os.nice(19)


def main(text: str) -> int:
    """Do what the order says; return the exit code."""
    order = json.loads(text)
    if order["step"] == "plan":
        # To apply and undo, the database's lock is held for moments: whoever waits for it must not wait for an idle
        # moment of the machine. These steps leave pauses instead.
        step_aside()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tell = _own_output()

    from citedesk.batch.job_steps import Reporter, run_step

    reporter = Reporter(order["parent"], tell, yielding=order["step"] != "plan")
    signal.signal(signal.SIGTERM, lambda number, frame: reporter.stop())
    return run_step(order, reporter)


def _own_output() -> Callable[[dict[str, object]], None]:
    """Keep standard output for what the parent is told; what else is printed goes to standard error."""
    out = os.dup(1)
    os.dup2(2, 1)

    def tell(said: dict[str, object]) -> None:
        os.write(out, json.dumps(said).encode() + b"\n")

    return tell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
