"""Say what is suspicious about a ticket's attachments, from their names, sizes and types. Nothing is opened.

Leaves out what is in them, and attachments that a help desk does not name among the ticket's fields.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

# Fields under which help desks send attachments, and their parts.
_FIELDS = ("attachments", "attachment", "files", "uploads")
_NAMES = ("name", "filename", "file_name", "title")
_TYPES = ("content_type", "contentType", "mime_type", "mimetype", "type")
_SIZES = ("size", "bytes", "file_size", "length")
# Attachments that are looked at, and bytes above which one is called large.
_MOST = 1_000
_LARGE = 25_000_000

_RUNS = frozenset((
    "exe", "com", "scr", "pif", "bat", "cmd", "ps1", "psm1", "vbs", "vbe", "js", "jse", "wsf", "wsh", "hta", "msi",
    "msp", "msix", "lnk", "url", "scf", "cpl", "jar", "dll", "sys", "reg", "sh", "bash", "command", "app", "dmg",
    "pkg", "apk", "deb", "rpm", "run", "py", "pl", "rb", "appimage", "chm", "inf", "gadget", "workflow", "xll",
    "iqy", "settingcontent-ms",
))  # fmt: skip
_MACROS = frozenset((
    "docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppam", "ppsm", "sldm", "doc", "xls", "ppt",
    "rtf", "slk",
))  # fmt: skip
_PACKED = frozenset((
    "zip", "7z", "rar", "tar", "gz", "tgz", "bz2", "xz", "zst", "cab", "ace", "arj", "iso", "img", "vhd", "vhdx",
    "lzh", "z",
))  # fmt: skip
_SHOWN = frozenset((
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "csv", "jpg", "jpeg", "png", "gif", "webp", "mp3",
    "mp4", "wav", "html", "htm", "eml", "log", "rtf", "odt",
))  # fmt: skip
_WEB = frozenset((
    "html", "htm", "shtml", "xhtml", "mht", "mhtml", "svg", "xml",
))  # fmt: skip
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x1f\x7f]")
_FAMILIES = {
    "image": frozenset(["jpg", "jpeg", "png", "gif", "webp", "bmp", "tif", "tiff", "svg", "heic", "ico", "avif"]),
    "application/pdf": frozenset(["pdf"]),
}


def attachments(fields: Mapping[str, object]) -> Mapping[str, int]:
    """Count what is suspicious among a ticket's attachments.

    Args:
        fields: of the ticket as it was sent.

    Returns:
        Kind -> count, by kind: `executable`, `double_extension`, `macro` (or a format that may hold one), `archive`,
        `web_page`, `hidden_name`, `mismatch` (of name and type), `large`; `attachment` counts all. Empty without any.
    """
    counts: Counter[str] = Counter()
    for name, kind, size in _listed(fields):
        counts["attachment"] += 1
        counts.update(_suspicions(name, kind, size))
    return dict(sorted(counts.items()))


def _listed(fields: Mapping[str, object]) -> Iterator[tuple[str, str, float]]:
    for field in _FIELDS:
        value = fields.get(field)
        entries = value if isinstance(value, list | tuple) else [value] if isinstance(value, str | Mapping) else []
        for entry in entries[:_MOST]:
            if isinstance(entry, str):
                yield entry, "", 0.0
            elif isinstance(entry, Mapping):
                size = _first(entry, _SIZES)
                number = float(size) if isinstance(size, int | float) and not isinstance(size, bool) else 0.0
                yield str(_first(entry, _NAMES) or ""), str(_first(entry, _TYPES) or ""), number


def _first(entry: Mapping[str, object], names: tuple[str, ...]) -> object:
    return next((entry[name] for name in names if entry.get(name) is not None), None)


def _suspicions(name: str, kind: str, size: float) -> set[str]:
    # Windows drops dots and spaces at the end of a name.
    shown = _HIDDEN.sub("", name).rstrip(". ").lower()
    parts = re.split(r"[/\\]", shown)[-1].split(".")
    last = parts[-1].strip() if len(parts) > 1 else ""
    before = parts[-2].strip() if len(parts) > 2 else ""
    family = kind.split(";", maxsplit=1)[0].strip().lower()
    expected = _FAMILIES.get(family) or _FAMILIES.get(family.split("/")[0])
    found = {
        "executable": last in _RUNS
        or family in ("application/x-msdownload", "application/x-dosexec", "application/x-sh"),
        "double_extension": before in _SHOWN and last in _RUNS | _WEB | _MACROS,
        "macro": last in _MACROS or "macroenabled" in family,
        "archive": last in _PACKED,
        "web_page": last in _WEB,
        "hidden_name": _HIDDEN.search(name) is not None,
        "mismatch": bool(expected and last and last not in expected),
        "large": size > _LARGE,
    }
    return {one for one, holds in found.items() if holds}
