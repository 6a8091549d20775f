#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs random task programs (make.py) in every way a program can be run: run.py AMBIT COUNT [FIRST [SIZE]].

Each must say that what it checks held. With a limit it may be ended by that instead (status 137), but by
nothing else; and none may go on for ever. What fails is kept in failed-tasks-*.amb."""
import os
import random
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from make import Make  # noqa: E402


def ways(seed):
    r = random.Random(seed * 7 + 1)
    virtual = ["--virtual-time"]
    return [
        (virtual, False),
        (["--wire"] + virtual, False),
        (["--chaos", str(seed)] + virtual, False),
        ([], "late"),
        (virtual + ["--max-memory", f"{r.randint(600, 3000)}k"], True),
        (virtual + ["--fuel", str(r.randint(100, 60000))], True),
        (["--timeout", f"{r.randint(1, 60) / 1000:.3f}"], True),
        (virtual + ["--max-tasks", str(r.randint(2, 12))], "tasks"),
    ]


def main():
    ambit = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2])
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    passed = failed = ended = 0
    with tempfile.TemporaryDirectory(prefix="ambit-tasks-") as d:
        path = os.path.join(d, "program.amb")
        for seed in range(first, first + count):
            size = int(sys.argv[4]) if len(sys.argv) > 4 else 10 + seed % 5 * 20
            text = Make(seed, size).program()
            with open(path, "w") as f:
                f.write(text)
            for flags, may_end in ways(seed):
                try:
                    p = subprocess.run([ambit, *flags, path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, timeout=60)
                    status, out, err = p.returncode, p.stdout.decode(), p.stderr.decode()
                except subprocess.TimeoutExpired:
                    status, out, err = "does not end", "", ""
                good = status == 0 and out.endswith("ok\n") and err == ""
                if may_end is True and status == 137 and (
                        err.startswith("the program was ended: ") or err == "ambit: out of memory\n"):
                    good = True
                    ended += 1
                # On a machine that is late, the time a cancelled task has for its finally is over before it runs.
                if may_end == "late" and status == 9 and out.startswith(("BROKEN finally:", "BROKEN defer:",
                                                                         "BROKEN tasks:", "BROKEN a lock")):
                    good = True
                if may_end == "tasks" and status == 1 and err.startswith("LimitError: too many tasks"):
                    good = True
                    ended += 1
                passed += good
                if good:
                    continue
                failed += 1
                kept = f"failed-tasks-{seed}.amb"
                with open(kept, "w") as f:
                    f.write(text)
                print(f"FAIL {kept} {' '.join(flags)}: status {status}\n{out[-300:]}{err[:1500]}", flush=True)
    print(f"tasks: {passed} passed, {failed} failed ({ended} were ended by a limit)")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
