"""A real browser without a window."""

import shutil
import subprocess

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SECONDS = 120


def browse(address, home, budget=5000):
    """Opens a page and returns the process that is done; its output is the page as the browser has it.

    Args:
        address: of the page.
        home: an empty folder for what the browser keeps.
        budget: milliseconds that the page's own clock goes on; it stands while the page waits for a server.
    """
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={home / 'home'}"]
    command += ["--window-size=1500,1000", f"--virtual-time-budget={budget}", "--dump-dom", address]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
