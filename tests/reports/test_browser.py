"""The page in a real browser: nothing overflows, every picture loads, no request leaves, no error."""

import json
import re
from html import unescape

import pytest

from tests.reports.browser import BROWSER, browse

pytestmark = pytest.mark.slow

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
PROBE = """<script>
const seen = [];
addEventListener("error", event => seen.push("error: " + event.message), true);
document.addEventListener("securitypolicyviolation", event => seen.push("request: " + event.blockedURI));
addEventListener("load", () => {
  document.querySelectorAll("details").forEach(one => one.open = true);
  requestAnimationFrame(() => {
    const wide = [...document.querySelectorAll("body *")].filter(one =>
      !one.closest(".scroll, svg, .skip") && one.getBoundingClientRect().right > innerWidth + 1);
    const lost = [...document.images].filter(one => !one.complete || !one.naturalWidth);
    const page = document.documentElement.scrollWidth, pictures = document.images.length;
    const found = {width: innerWidth, page, seen, pictures,
      wide: wide.map(one => one.outerHTML.slice(0, 200)), lost: lost.map(one => one.alt)};
    parent.postMessage(JSON.stringify(found), "*");
  });
});
</script>"""


# A window is never narrower than 500 pixels; a frame may be.
FRAME = """<!DOCTYPE html><iframe src="page.html" style="width: WIDTHpx; height: 900px; border: 0"></iframe>
<pre id="probe"></pre><script>
addEventListener("message", event => document.querySelector("pre").textContent = event.data);
</script>"""


@pytest.mark.skipif(BROWSER is None, reason="no chromium: apt-get install chromium")
@pytest.mark.parametrize("width", [360, 1400])
def test_a_page_of_everything_in_a_browser(width, page_of, tmp_path):
    html = page_of("toy")[0]
    assert POLICY in html
    html = html.replace(POLICY, f"{POLICY}; script-src 'unsafe-inline'").replace("<title>", f"{PROBE}<title>")
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    (tmp_path / "frame.html").write_text(FRAME.replace("WIDTH", str(width)), encoding="utf-8")
    done = browse((tmp_path / "frame.html").as_uri(), tmp_path)
    told = re.search(r'<pre id="probe">(\{.*\})</pre>', done.stdout, re.DOTALL)
    assert told, done.stdout[-500:] + done.stderr[-500:]
    found = json.loads(unescape(told[1]))
    assert found["width"] == width
    assert found["seen"] == []
    assert found["wide"] == []
    assert found["page"] <= width
    assert found["pictures"] > 5
    assert found["lost"] == []
