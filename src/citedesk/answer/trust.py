"""Low trust is never the only source: answers are composed of documents of normal and high trust alone.

A sentence of a document of low trust that merely repeats what a trusted one says adds nothing to it, and one that says
more has nobody who vouches for it; so none is quoted. Search shows such documents, and a question that only they answer
is refused with that reason, so that somebody reads them.
"""

from citedesk.index import Snapshot
from citedesk.retrieve import Filters
from citedesk.types import NearDocument, RefusalReason, Refused, Trust

_TRUSTED = Filters(trusts=frozenset(trust.value for trust in Trust if trust != Trust.LOW))
_ALL = Filters()
# Documents that are named for review.
_NAMED = 3


def vouched(snapshot: Snapshot) -> Filters:
    """Admit the documents that answers may quote; no filter where there are no others."""
    return _TRUSTED if (snapshot.trust_levels == Trust.LOW.rank).any() else _ALL


def unvouched(nearest: tuple[NearDocument, ...], confidence: float) -> Refused:
    """Refuse what is found in documents of low trust only.

    Args:
        nearest: those documents, which the asker may read, best first.
        confidence: that they answer, in [0, 1].
    """
    names = ", ".join(document.document_id for document in nearest[:_NAMED])
    return Refused(
        "abstained",
        RefusalReason.POLICY,
        f"something is found, but only in documents of low trust; ask an editor to review {names}",
        nearest,
        confidence,
    )
