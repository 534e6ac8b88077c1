"""The compiled encoder against sentence-transformers on the same weights, text by text."""

import numpy as np
import pytest

from citedesk.encoding import Encoder
from citedesk.encoding.reference import open_reference_minilm
from citedesk.guard import mask_secrets
from citedesk.knowledge import load_paths
from citedesk.settings import shipped

# What people send: terse, long, shouted, pasted, other languages.
VARIED = (
    "vpn",
    "URGENT!!! PRINTER ON 3RD FLOOR IS OUT OF TONER",
    "Hi team, since the deploy at 14:02 checkout returns 502 for about a third of our customers. We rolled back.",
    "java.lang.OutOfMemoryError: Java heap space\n\tat com.acme.Cart.add(Cart.java:117)",
    "kubectl -n prod get pods | grep CrashLoopBackOff",
    '{"alertname": "HighLatency", "severity": "page", "value": 4.2}',
    "Der Drucker im Büro druckt nicht mehr, seit gestern.",
    "No puedo entrar en mi cuenta después de cambiar la contraseña",
    "ORA-01555: snapshot too old",
    "请重置我的密码",
    "a" * 5000,
    "The replication lag grows. " * 200,
)


@pytest.mark.slow
def test_encode_of_varied_texts_has_cosine_099_with_the_reference(encoder: Encoder) -> None:
    documents = load_paths([shipped("kb")], mask_secrets).documents[::6]
    texts = [*VARIED, *(document.text[:1500] for document in documents)]
    cosines = (encoder.encode(texts) * open_reference_minilm().encode(texts)).sum(axis=1)
    below = [(texts[i][:40], float(cosines[i])) for i in np.flatnonzero(cosines < 0.99)]
    assert below == []


@pytest.mark.slow
def test_encode_of_a_few_words_or_none_has_cosine_096_with_the_reference(encoder: Encoder) -> None:
    # A known limit of one int8 scale for each token: without neighbours to average over, the noise shows.
    # These are the worst found; "thanks" has 0.967, the empty text 0.986.
    texts = ["", "thanks", "thanks!", "please", "thx :)", "...", "?", "ok", "😀 thanks!"]
    cosines = (encoder.encode(texts) * open_reference_minilm().encode(texts)).sum(axis=1)
    assert [text for text, cosine in zip(texts, cosines, strict=True) if cosine < 0.96] == []


@pytest.mark.slow
def test_count_tokens_equals_the_reference(encoder: Encoder) -> None:
    reference = open_reference_minilm()
    texts = [text for text in ("", *VARIED) if encoder.count_tokens(text) <= encoder.window]
    assert [encoder.count_tokens(t) for t in texts] == [reference.count_tokens(t) for t in texts]
