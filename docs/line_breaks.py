"""Sphinx extension: keeps numbers with their units, dates, short code and short table cells on one line."""

import re

from docutils import nodes

# "99.5 %", "99.168 ± 0.071 %", "12 kB", "2026-11-29".
_TOGETHER = re.compile(
    r"(\b\d{4}-\d\d-\d\d\b|\d[\d.,]*(?: ± \d[\d.]*)?(?: (?:%|[kMG]i?B|[mµ]?s)(?!\w))|\d[\d.]* ± \d[\d.]*)"
)
# Longest texts, in characters, that stay on one line also on a phone of 390 pixels. Tables scroll sideways there.
_CODE, _CODE_IN_TABLE, _CELL = 32, 48, 18
# Cells of wide tables from this length on get room for a few words per line.
_LONG_CELL = 40
# Tables from this number of columns on have smaller text.
_MANY_COLUMNS = 9


def keep_together(app, document):
    """Marks pieces of the page with the classes `short`, `long` and `many-columns` of site.css."""
    for text in list(document.findall(nodes.Text)):
        if isinstance(text.parent, nodes.paragraph | nodes.title | nodes.strong | nodes.emphasis | nodes.reference):
            pieces = _TOGETHER.split(text)
            if len(pieces) > 1:
                marked = [
                    nodes.inline("", piece, classes=["short"]) if index % 2 else nodes.Text(piece)
                    for index, piece in enumerate(pieces)
                ]
                text.parent.replace(text, [piece for piece in marked if piece.astext()])
    for literal in document.findall(nodes.literal):
        _mark(literal, short=_CODE)
    for table in document.findall(nodes.tgroup):
        for literal in table.findall(nodes.literal):
            _mark(literal, short=_CODE_IN_TABLE)
        if table["cols"] >= _MANY_COLUMNS:
            table.parent["classes"].append("many-columns")
        for cell in table.findall(nodes.entry):
            _mark(cell, short=_CELL, long=_LONG_CELL if table["cols"] > 2 else None)


def _mark(node, short, long=None):
    length = len(node.astext())
    if length <= short and "short" not in node["classes"]:
        node["classes"].append("short")
    elif long and length >= long:
        node["classes"].append("long")


def setup(app):
    app.connect("doctree-read", keep_together)
    return {"parallel_read_safe": True}
