"""`python -m pipeline`."""

import signal
import sys

from pipeline.cli import main
from pipeline.clock import process_age

if __name__ == "__main__":
    code = main(age=process_age())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done: Ctrl-C while libraries unload changes nothing
    sys.exit(code)
