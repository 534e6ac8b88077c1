"""The work every system is given: a corpus and its questions in BEIR layout, and the files peers read it from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from citedesk.errors import InputError, NotFoundError
from citedesk.evaluate.retrieval import Questions, read_questions
from citedesk.triage.rows import read_rows


@dataclass(frozen=True, slots=True)
class Workload:
    """A corpus and its questions. folder: where it was read; documents: id -> title and text, whole."""

    folder: Path
    documents: Mapping[str, str]
    questions: Questions

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write documents and queries as rows {_id, text}; return the two files."""
        files = []
        for name, texts in (("documents", self.documents), ("queries", self.questions.texts)):
            files.append(folder / f"{name}.jsonl")
            lines = (json.dumps({"_id": key, "text": text}) + "\n" for key, text in texts.items())
            files[-1].write_text("".join(lines), encoding="utf-8")
        return files[0], files[1]


def read_workload(folder: Path) -> Workload:
    """Read corpus.jsonl(.gz), queries.jsonl and qrels.tsv.

    Raises:
        NotFoundError: if a file is missing.
        InputError: if a row cannot be read, or no query has a judgement.
    """
    corpus = next((p for p in (folder / "corpus.jsonl", folder / "corpus.jsonl.gz") if p.is_file()), None)
    if corpus is None:
        raise NotFoundError(f"{folder} has no corpus.jsonl or corpus.jsonl.gz; give a folder in BEIR layout")
    questions = read_questions(folder)
    if not questions.texts:
        raise InputError(f"no query of {folder} is judged in qrels.tsv; check the ids in queries.jsonl")
    return Workload(folder, dict(_document(row, corpus) for row in read_rows([corpus])), questions)


def _document(row: Mapping[str, object], corpus: Path) -> tuple[str, str]:
    key, text, title = row.get("_id"), row.get("text"), row.get("title") or ""
    if not isinstance(key, str) or not key or not key.isprintable() or not isinstance(text, str):
        raise InputError(
            f'{corpus} has a row without the texts "_id" (one line) and "text", its _id: {key!r}; add them'
        )
    return key, f"{title}\n{text}".strip()
