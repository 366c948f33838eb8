"""Reads a page of the report as a browser would: tags that nest, text by section, cells, what is loaded."""

from html.parser import HTMLParser

VOID = {"meta", "br", "img"}


class Page(HTMLParser):
    """Checks that tags nest, and collects the text of sections, the cells of tables and what would be loaded."""

    def __init__(self, html):
        super().__init__()
        self.open, self.ids, self.links, self.loaded, self.images, self.tags = [], [], [], [], [], set()
        self.headings, self.rows, self.text, self.section = [], [], {}, ""
        self.attributes = {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.add(tag)
        self.attributes.setdefault(tag, attrs)
        assert not any(name.startswith("on") for name in attrs), attrs
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "section":
            self.section = attrs["id"]
            assert attrs["aria-labelledby"] == f"{self.section}-title"
        if tag == "a":
            self.links.append(attrs["href"])
        self.loaded += [attrs[name] for name in ("src", "data", "srcset") if name in attrs]
        if tag == "img":
            self.images.append(attrs)
        if tag == "th":
            assert attrs["scope"] in ("col", "row", "rowgroup")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text[self.section] = self.text.get(self.section, "") + data
        if self.rows and self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings.append((self.open[-1], data))
