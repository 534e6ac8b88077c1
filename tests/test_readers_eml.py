"""Saved mails: which part is the text, what is counted, and headers made to hurt."""

from email.message import EmailMessage

import pytest

from citedesk.errors import DocumentError
from tests.reader_files import only


def mail(plain: str | None = "Restart it.\n", html: str | None = None) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Größe of the VPN"
    message["From"] = "ann@example.com"
    message["Date"] = "Mon, 23 Nov 2026 01:02:03 +0100"
    if plain is not None:
        message.set_content(plain)
    if html is not None and plain is not None:
        message.add_alternative(html, subtype="html")
    elif html is not None:
        message.set_content(html, subtype="html")
    return message


def test_mail_gives_subject_date_and_plain_text_without_people() -> None:
    draft = only(".eml", mail("Größe\n", "<p>not this").as_bytes())
    assert (draft.body, draft.front) == ("Größe\n", {"title": "Größe of the VPN", "updated_on": "2026-11-23"})


def test_mail_without_plain_text_gives_its_html_as_markdown() -> None:
    assert only(".eml", mail(None, "<h2>Fix</h2><p>Restart").as_bytes()).body == "## Fix\n\nRestart\n"


def test_attachments_are_counted_and_not_read() -> None:
    message = mail()
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="a.pdf")
    message.add_attachment("secret", filename="b.txt")
    message.add_attachment(mail("inner"))
    draft = only(".eml", message.as_bytes())
    assert (draft.body, draft.attachments) == ("Restart it.\n", 3)


def test_flowed_lines_are_joined() -> None:
    raw = b"Subject: a\nContent-Type: text/plain; format=flowed\n\none \ntwo\n three\n-- \nAnn\n"
    assert only(".eml", raw).body == "one two\nthree\n-- \nAnn\n\n"


def test_latin_mail_is_decoded() -> None:
    raw = "Subject: a\nContent-Type: text/plain; charset=iso-8859-1\n\nGröße".encode("latin-1")
    assert only(".eml", raw).body == "Größe"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is not a mail"),
        (b"\x89PNG\r\n\x00", "is not a mail"),
        (b"Subject: a\n\n  \n", "the mail has no text"),
        (b"Subject: a\nContent-Type: image/png\n\nabc", "the mail has no text"),
        (b"Subject: a\nContent-Type: text/plain;" + b"a=b;" * 9999 + b"\n\nx", "the mail has no text"),
        (b"Subject: a\n" + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" * 99, "more than 30 parts"),
        (b"Subject: a\n\n\xff", "is not utf-8 text"),
    ],
)
def test_broken_mail_is_refused(raw: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        only(".eml", raw)


@pytest.mark.parametrize("header", ["=?a?q?" * 100_000, "=?utf-7?q?=2B?=", "=?utf-8?b?x?=", "=?x-none?q?a?="])
def test_hostile_subject_loses_no_text(header: str) -> None:
    assert only(".eml", f"Subject: {header}\n\ntext").body == "text"
