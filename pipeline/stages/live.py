"""Live page: a run's report, served to this machine alone while the run goes on; nothing is written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ModelError
from pipeline.reports.page import render
from pipeline.run.run import Run
from pipeline.stages.page import key_of, material_of, reported
from pipeline.store import Product

HERE = "127.0.0.1"
NOTHING_YET = "nothing"
SCRIPT = """\
const said = document.querySelector('meta[name="made-of"]').content;
const details = () => [...document.querySelectorAll("details")];
const kept = JSON.parse(sessionStorage.getItem("kept") || "null");
if (kept) { details().forEach((one, n) => one.open = kept.open[n] ?? one.open); scrollTo(0, kept.top); }
sessionStorage.removeItem("kept");
setInterval(async () => {
  try {
    if (await (await fetch("/key")).text() === said) return;
  } catch { return; }
  sessionStorage.setItem("kept", JSON.stringify({top: scrollY, open: details().map(one => one.open)}));
  location.reload();
}, 2000);
"""
WAITING = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta name="made-of" content="nothing">
<title>report</title><script src="/watch.js" defer></script></head>
<body><p>Nothing is there to report on yet. The page comes with the first fold.</p></body></html>
"""


class Reading(Run):
    """A run that only reads: what is missing is not made."""

    def made(self, product: Product) -> Path:
        """Returns the product's folder.

        Raises:
            ModelError: it is not there.
        """
        if not product.done():
            raise ModelError(f"{product.label} is not there yet.")
        return product.path

    def cache(self, name: str, key: Mapping[str, Any], make: Callable[[], np.ndarray]) -> np.ndarray:
        """Returns the array that is kept, or one that is not."""
        kept = self.plan.store.product(name, {"key": dict(key)})
        return super().cache(name, key, make) if kept.done() else make()


@dataclass
class Live:
    """A run's page, drawn again when what it shows has changed.

    Attributes:
        run: whose page it is.
    """

    run: Reading
    _page: tuple[str, bytes] = (NOTHING_YET, WAITING.encode())
    _lock: Any = field(default_factory=threading.Lock, repr=False)

    def key(self) -> str:
        """Names what the page is made of; "nothing" before there is anything."""
        return key_of(material_of(self._read())) if self._there() else NOTHING_YET

    def page(self) -> bytes:
        """Returns the page of what is there now."""
        with self._lock:  # one request draws it, the others wait for what it drew
            if not self._there():
                return WAITING.encode()
            material = material_of(self._read())
            key = key_of(material)
            if self._page[0] != key:
                html = render(material, key, self.run.progress.warning, "/watch.js")
                self._page = (key, html.encode("utf-8"))
            return self._page[1]

    def _there(self) -> bool:
        return self.run.competition_product.done() and self.run.folds_product.done()

    def _read(self) -> Run:
        found = reported(self.run)
        return found if found is self.run else Reading(found.plan, found.progress)


class _Answers(BaseHTTPRequestHandler):
    """Answers of the server: the page, what it is made of, and the script that asks for both."""

    def __init__(self, live: Live, *args: Any) -> None:
        self.live = live
        super().__init__(*args)

    def do_GET(self) -> None:
        known = {
            "/": (self.live.page, "text/html; charset=utf-8"),
            "/key": (lambda: self.live.key().encode(), "text/plain"),
            "/watch.js": (SCRIPT.encode, "text/javascript"),
        }
        host = (self.headers.get("Host") or "").rpartition(":")[0]
        if host not in (HERE, "localhost") or self.path not in known:  # no name of the web is this machine
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        make, media = known[self.path]
        body = make()
        self.send_response(HTTPStatus.OK)
        headers = {"Content-Type": media, "Content-Length": str(len(body)), "Cache-Control": "no-store"}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keeps the terminal free of requests."""


def server(run: Run, port: int) -> ThreadingHTTPServer:
    """Returns a server of a run's page, bound to this machine and to a port; 0: any that is free.

    Raises:
        ModelError: the port is taken.
    """
    try:
        made = ThreadingHTTPServer((HERE, port), partial(_Answers, Live(Reading(run.plan, run.progress))))
    except OSError as error:
        raise ModelError(f"--port {port}: {error.strerror}. Name another one, or 0 for any.") from error
    made.daemon_threads = True
    return made
