"""Programs that need no ten seconds to import TensorFlow: copies of a process that has done so."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST = 600  # seconds; only ends a test that hangs
# Waits for programs to run: one line names the folder, the output, the arguments and the code. A copy
# is a process of its own, ends by itself, and may be killed; the fork comes before any library computes.
CODE = """
import importlib, json, os, signal, sys
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
for name in sys.argv[1:]:
    importlib.import_module(name)
for line in sys.stdin:
    folder, output, words, code = json.loads(line)
    copy = os.fork()
    if not copy:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]), flush=True)
else:
    sys.exit()
signal.alarm(LONGEST)
os.chdir(folder)
file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.dup2(file, 1)
os.dup2(file, 2)
sys.argv = ["-c", *words]
exec(code)
""".replace("LONGEST", str(LONGEST))


class Warm:
    """A process that has imported modules, and runs programs in copies of itself.

    Args:
        modules: to import before the first one.
    """

    def __init__(self, *modules):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        command = [sys.executable, "-c", CODE, *modules]
        self._process = subprocess.Popen(command, env=environment, text=True, **pipes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(timeout=LONGEST)
        self._process.stdout.close()

    def run(self, code, *words, folder):
        """Runs code in a folder to its end; `sys.argv[1:]` are the words. Its output is in `stdout`."""
        output = folder.with_name(f"{folder.name}-output.txt")
        print(json.dumps([str(folder), str(output), words, code]), file=self._process.stdin, flush=True)
        ended = int(self._process.stdout.readline())
        return subprocess.CompletedProcess(words, ended, output.read_text(encoding="utf-8", errors="replace"))
