"""A page as a parser sees it: what is text, what is markup, and what would be fetched."""

from html.parser import HTMLParser

from pipeline.reports.page import render
from pipeline.stages.page import material_of


class Page(HTMLParser):
    """Collects elements and text of a page.

    Attributes:
        elements: (tag, attributes), in order.
        text: all of it.
    """

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.parts, self.styles, self._inside = [], [], [], []
        self.feed(html)
        self.text = " ".join(self.parts)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        while tag in self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data):
        (self.styles if self._inside[-1:] == ["style"] else self.parts).append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    def values(self, attribute):
        return [attrs[attribute] for _, attrs in self.elements if attribute in attrs]


def drawn(run):
    failed = []
    html = render(material_of(run), "0", failed.append)
    assert failed == []
    return html, Page(html)
