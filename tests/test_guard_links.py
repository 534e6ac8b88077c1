"""Links in all forms: which may be active, which stay plain, which deceive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.guard.links import defanged, host_allowed, link_spans

HOSTS = ("larkfield.example", "status.partner.example")


@pytest.mark.parametrize(
    "url",
    [
        "https://larkfield.example/",
        "https://Docs.Larkfield.EXAMPLE./a?b=c#d",
        "http://status.partner.example:8443/x",
        "https://a.b.larkfield.example",
    ],
)
def test_link_spans_allowed_host_is_active(url: str) -> None:
    assert [(one.verdict, one.start, one.end) for one in link_spans(url, HOSTS)] == [("active", 0, len(url))]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/larkfield.example",
        "https://notlarkfield.example/",
        "https://larkfield.example.evil.example/",
        "https://partner.example/",
        "https://192.0.2.7/",
        "https://3221225991/",
        "https://0xc0000207/",
        "https://[2001:db8::1]/",
        "https://l\u0430rkfield.example/",
        "https://xn--lrkfield-4fg.example/",
        "https:\\\\larkfield.example\\x",
        "https:///larkfield.example/",
        "https://deploy@larkfield.example/",
        "https://larkfield.example%2eevil.example/",
        "ftp://larkfield.example/x",
        "file:///etc/passwd",
        "\\\\larkfield.example\\share\\x",
        "www.larkfield.example/x",
        "mailto:a@larkfield.example",
    ],
)
def test_link_spans_anything_else_is_plain(url: str) -> None:
    assert [one.verdict for one in link_spans(url, HOSTS)] == ["plain"]


@pytest.mark.parametrize(
    "url",
    [
        "https://larkfield.example@evil.example/",
        "https://larkfield.example%2F@evil.example/",
        "https://a@b@evil.example",
        "javascript:alert(1)",
        "JavaScript:fetch('//x')",
        "data:text/html;base64,PHN2Zz4=",
    ],
)
def test_link_spans_deceiving_or_running_ones_are_tricks(url: str) -> None:
    assert [one.verdict for one in link_spans(f"see {url} now", HOSTS)] == ["trick"]


@pytest.mark.parametrize(
    "text",
    [
        "[here](https://evil.example/x)",
        "<https://evil.example/x>",
        "[1]: https://evil.example/x",
        '<a href="https://evil.example/x">here</a>',
        "![](https://evil.example/x)",
        "`https://evil.example/x`",
        "Go to https://evil.example/x.",
    ],
)
def test_link_spans_every_form_gives_the_bare_address(text: str) -> None:
    (span,) = link_spans(text, HOSTS)
    assert (text[span.start : span.end], span.host) == ("https://evil.example/x", "evil.example")


def test_link_spans_relative_target_of_markdown_is_plain() -> None:
    assert [one.verdict for one in link_spans("[x](//evil.example/y)", HOSTS)] == ["plain"]


@pytest.mark.parametrize("text", ["JavaScript: enable it", "the data: see below", "at 10:30", "a::b", "ratio 3://"])
def test_link_spans_ordinary_words_are_none(text: str) -> None:
    assert link_spans(text, HOSTS) == ()


def test_host_allowed_punycode_and_letters_are_one_host() -> None:
    assert host_allowed("bücher.example", ("xn--bcher-kva.example",))
    assert not host_allowed("bucher.example", ("bücher.example",))


def test_defanged_only_hosts_not_allowed_are_written_apart() -> None:
    text = "See https://larkfield.example/a and http://evil.example/b, or javascript:x()"
    assert defanged(text, HOSTS) == (
        "See https://larkfield.example/a and hxxp[:]//evil[.]example/b, or javascript[:]x()"
    )


@given(
    st.lists(
        st.sampled_from(
            ["https://", "evil.example", "@", "/", "a", ":", "\\", "www.", "data:", " ", "[", "](", "larkfield.example"]
        ),
        max_size=12,
    )
)
def test_defanged_any_mixture_nothing_but_allowed_links_is_left_to_click(parts: list[str]) -> None:
    text = defanged("".join(parts), HOSTS)
    assert [one for one in link_spans(text, HOSTS) if one.host and one.verdict != "active"] == []
