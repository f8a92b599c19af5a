"""`python -m pipeline`."""

import signal
import sys

from pipeline.cli import main

if __name__ == "__main__":
    code = main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done: Ctrl-C while libraries unload changes nothing
    sys.exit(code)
