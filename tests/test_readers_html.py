"""HTML as Markdown: what is kept, what is dropped, in which encoding, and how hostile pages end."""

import time

import pytest

from citedesk.errors import DocumentError
from citedesk.knowledge.chunk import blocks
from tests.reader_files import only

PAGE = """<!doctype html><html><head><title>VPN drops | Help centre</title><style>p{}</style></head><body>
<nav><a href="/">Home</a></nav><header><p>Example Inc.</p></header>
<h1>VPN drops</h1>
<p>It drops <b>every</b> few
minutes; see <a href="https://example.com/vpn">the page</a> or <a href="/x">here</a>. Set <code>max_conn</code>.<br>Then wait.</p>
<script>evil()</script>
<ol start="3"><li>Open it<ul><li>left</li><li><p>right</p></li></ul></li><li>Close it</li></ol>
<pre class="language-sh"><code>a  &lt; b
  c</code></pre>
<table><caption>Ports</caption><tr><th>Name</th><th>Port</th></tr><tr><td>a|b</td><td><p>1</p><p>2</p></td></tr></table>
<blockquote><p>Quoted</p><p>twice</p></blockquote>
<p hidden>hidden</p><div style="display: none">none</div><footer>(c) 2026</footer></body></html>"""  # noqa: E501

MARKDOWN = """# VPN drops

It drops every few minutes; see [the page](https://example.com/vpn) or here. Set `max_conn`.
Then wait.

3. Open it
   - left
   - right
4. Close it

```sh
a  < b
  c
```

Ports

| Name | Port |
| --- | --- |
| a\\|b | 1 2 |

> Quoted
>
> twice
"""


def test_page_becomes_markdown_without_its_frame() -> None:
    draft = only(".html", PAGE)
    assert (draft.body, draft.front) == (MARKDOWN, {"title": "VPN drops"})


def test_page_is_cut_into_the_blocks_it_had() -> None:
    kinds = [block.kind for block in blocks(only(".html", PAGE).body)]
    assert kinds == ["heading", "text", "item", "item", "code", "text", "table", "text"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<main><header><h2>In</h2></header><p>a</p></main><p>out</p>", "## In\n\na\n"),
        ("<div role=main>a</div>b", "a\n"),
        ("<article>a</article><article>b</article>", "a\n\nb\n"),
        ("<form><p>in a form</p><input value=x><button>Send</button></form>", "in a form\n"),
        ("<table><tr><td><h2>Layout</h2><p>a</p></td><td>b</td></tr></table>", "## Layout\n\na\n\nb\n"),
        ("<table><tr><td>one</td></tr><tr><td>column</td></tr></table>", "one\n\ncolumn\n"),
        ("<table><tr><td colspan=2>a</td></tr><tr><td>b</td><td>c</td></tr></table>",
         "| a |  |\n| --- | --- |\n| b | c |\n"),
        ("<pre>```\nx\n```</pre>", "````\n```\nx\n```\n````\n"),
        ("<p># no heading</p><p>&lt;script&gt; no block</p><p>```</p>",
         "\\# no heading\n\n\\<script> no block\n\n\\```\n"),
        ("<p>a<script>x</script>b <span>c</span>d</p>", "ab cd\n"),
        ("<ul><li></li><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n- b\n"),
        ("<p>see <img src=x alt='the icon'></p>", "see the icon\n"),
        ("<h2>Head<a class=headerlink href=#h>¶</a></h2>", "## Head\n"),
        ("a<!-- b -->c<?php d ?>", "ac\n"),
        ("", ""),
        ("<!-- nothing -->", ""),
    ],
)  # fmt: skip
def test_element_becomes_its_markdown(html: str, text: str) -> None:
    assert only(".html", html).body == text


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title>A</title>", "A"),
        ("<title>Site - B</title><h1>B</h1>", "B"),
        ("<title>B drops</title><h1>B</h1>", "B drops"),
        ("<h1>B</h1>", "B"),
        ("<p>no title", None),
        (f"<title>{'x' * 5000}</title>", "x" * 300),
    ],
)
def test_title_is_the_plainer_of_title_and_heading(head: str, title: str | None) -> None:
    assert only(".html", head).front["title"] == title


@pytest.mark.parametrize(
    ("codec", "head"),
    [
        ("utf-8", ""),
        ("utf-8-sig", "<meta charset=latin-1>"),
        ("utf-16", ""),
        ("iso-8859-1", "<meta charset=iso-8859-1>"),
        ("cp1252", "<meta http-equiv=Content-Type content='text/html; charset=Windows-1252'>"),
        ("iso-8859-1", "<?xml version='1.0' encoding='iso-8859-1'?>"),
        ("utf-8", "<meta charset=punycode>"),
        ("utf-8", "<meta charset=utf-16>"),
    ],
)
def test_page_is_decoded_as_it_says(codec: str, head: str) -> None:
    assert only(".html", f"{head}<p>Größe".encode(codec)).body == "Größe\n"


def test_page_in_an_encoding_it_does_not_name_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"file\.html is not utf-8 text; name its encoding in <meta charset>"):
        only(".html", "<p>Größe".encode("latin-1"))


def test_page_that_is_binary_is_refused() -> None:
    with pytest.raises(DocumentError, match="is binary"):
        only(".html", b"<p>a\x00b")


@pytest.mark.parametrize("tag", ["<div>", "<ul><li>", "<blockquote>", "<table><tr><td>"])
def test_page_nested_without_end_is_refused(tag: str) -> None:
    with pytest.raises(DocumentError, match="nested deeper than 256 levels"):
        only(".html", tag * 10_000)


def test_deep_lists_of_many_lines_are_refused_before_they_fill_the_memory() -> None:
    with pytest.raises(DocumentError, match="unpacks to more than 10 million characters"):
        only(".html", "<ol><li>" * 100 + "<p>abc" * 400_000)


@pytest.mark.parametrize(
    "unit", ["<p>a", "<ol><li>a</ol>", "<li>a", "<tr><td colspan=99>a", "<a ", "&amp;", "<code>a</code>"]
)
def test_hostile_page_takes_time_in_proportion_to_its_length(unit: str) -> None:
    def seconds(size: int) -> float:
        start = time.process_time()
        only(".html", unit * (size // len(unit)))
        return time.process_time() - start

    seconds(1000)
    # Quadratic work would take 64 times as long for 8 times the length.
    assert seconds(800_000) < 30 * max(seconds(100_000), 0.005)
