"""Check `links`: where a link leads, by file, id and heading; what is superseded; the form of addresses."""

import time
from dataclasses import replace

import pytest

from citedesk.knowledge.check.issue import Corpus, Issue
from citedesk.knowledge.check.links import Targets, links, supersedings, web_fault
from citedesk.knowledge.check.outline import outline
from citedesk.types import Document

A = Document(id="rb-a", version="a", text="", title="A", source="runbooks/rb-a.md", origin="/kb")
B = Document(
    id="kb-b", version="b", text="# B\n\n## How it *works*\n\n## Re-try\n\n## Re-try\n\n<a name='own'></a>\n",
    title="B", source="articles/kb-b.md", origin="/kb",
)  # fmt: skip


def found(text: str, *others: Document) -> list[Issue]:
    corpus = Corpus([replace(A, text=text), B, *others])
    outlines = {document.id: outline(document.text) for document in corpus.documents}
    return links(corpus.documents[0], outlines["rb-a"], Targets(corpus, outlines))


def messages(text: str, *others: Document) -> list[str]:
    return [issue.message for issue in found(text, *others)]


@pytest.mark.parametrize(
    "target",
    [
        "../articles/kb-b.md",
        "../articles/kb-b.md#how-it-works",
        "../articles/kb-b.md#retry-1",
        "../articles/kb-b.md#own",
        "<../articles/kb-b.md> 'a title'",
        "../articles/kb-b",
        "/articles/kb-b.md",
        "kb-b",
        "kb-b.md",
        "#here",
        "#top",
        "picture.png",
        "https://example.com/a_(b)#c",
        "mailto:a@example.com",
        "<name>.md",
    ],
)
def test_links_that_lead_somewhere_or_elsewhere_are_no_finding(target: str) -> None:
    assert messages(f"# Here\n\n[x]({target})\n") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[x](gone.md)", "there is no document at gone.md; correct the path, or add that document"),
        ("[x](old/KB-B.md)", "there is no document at old/KB-B.md; did you mean kb-b?"),
        ("[x](../runbooks/Kb-b.md#x)", "there is no document at ../runbooks/Kb-b.md#x; did you mean kb-b?"),
        ("[x](..\\kb-z.md)", "there is no document at ..\\kb-z.md; write / for \\"),
        ("[x](kb-b#nowhere)", "no heading of kb-b gives the anchor #nowhere; correct it to the heading's words"),
        ("[x](#nowhere)", "no heading of this document gives the anchor #nowhere; correct it to the heading's words"),
        ("[x][ref] there", "the link [ref] is not defined; add a line `[ref]: ADDRESS`"),
        ("[x][] there", "the link [x] is not defined; add a line `[x]: ADDRESS`"),
        ("[x]()", "the link of 'x' leads nowhere; write its address, or remove it"),
        ("(x)[https://a.b]", "the brackets of the link to https://a.b are swapped; write [words](address)"),
        ("[x](http:/a.b)", "http: is not followed by // and a host; correct the address: http:/a.b"),
        ("[x](https://a.b/c d)", "a space stands in the address https://a.b/c d; write %20 for it, or put it in <>"),
        ("[x][d]\n\n[d]: gone.md", "there is no document at gone.md; correct the path, or add that document"),
    ],
)
def test_links_that_lead_nowhere_say_so(text: str, message: str) -> None:
    assert messages(text) == [message]


def test_links_line_is_that_of_the_link() -> None:
    assert [issue.line for issue in found("# A\n\ntext\nand [x](gone.md)\n\n- item [y](gone2.md)\n")] == [4, 6]


@pytest.mark.parametrize(
    "text",
    ["`[x](gone.md)`", "```\n[x](gone.md)\n```", "![x](gone.md)", "array[a][b]", "[Microsoft][Driver 11]Error", "[x]"],
)
def test_links_in_code_pictures_and_prose_are_passed_over(text: str) -> None:
    assert messages(text) == []


def test_links_defined_reference_is_no_finding() -> None:
    assert messages("[x][The Ref] and [y][]\n\n[the  ref]: kb-b\n[y]: https://a.b\n") == []


def test_links_to_a_superseded_document_name_its_successor() -> None:
    newer = Document(id="kb-c", version="c", text="x", title="C", supersedes="kb-b")
    issues = found("[x](kb-b)", newer)
    assert [(issue.message, issue.related) for issue in issues] == [
        ("it links to kb-b, which kb-c supersedes; link to kb-c", ("kb-b", "kb-c"))
    ]


def test_links_of_the_successor_to_what_it_supersedes_are_no_finding() -> None:
    newer = replace(A, text="[x](kb-b)", supersedes="kb-b")
    corpus = Corpus([newer, B])
    outlines = {document.id: outline(document.text) for document in corpus.documents}
    assert links(newer, outlines["rb-a"], Targets(corpus, outlines)) == []


def test_supersedings_of_nothing_itself_and_in_a_circle_are_found() -> None:
    def document(name: str, old: str | None) -> Document:
        return Document(id=name, version=name, text="x", title=name, supersedes=old)

    documents = [document("a", "gone"), document("b", "b"), document("c", "d"), document("d", "c"), document("e", "a")]
    assert [(issue.document_id, issue.severity.value) for issue in supersedings(Corpus(documents))] == [
        ("a", "warning"), ("b", "error"), ("c", "error"), ("d", "error"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "address", ["https://a.b:8443/x?y#z", "http://[::1]/", "https://<host>/x", "http://localhost", "tel:123"]
)
def test_web_fault_of_a_sound_address_is_none(address: str) -> None:
    assert web_fault(address) is None


@pytest.mark.parametrize(
    "address", ["http://", "https:/a.b", "http://http://a.b", "link:https://a.b", "htps://a.b", "http://a.b:port/"]
)
def test_web_fault_of_a_broken_address_is_named(address: str) -> None:
    assert web_fault(address) is not None


@pytest.mark.parametrize("piece", ["[", "[a](", "[a][", "](", "[[a]", "`", "<a "])
def test_links_hostile_text_takes_linear_time(piece: str) -> None:
    start = time.perf_counter()
    messages(piece * (18_000 // len(piece)))
    assert time.perf_counter() - start < 5
