"""Text to vectors: the compiled encoder that serves, and sentence-transformers as reference."""

from citedesk.encoding.factory import PACKAGED, open_encoder
from citedesk.encoding.protocol import Encoder, encode_queries

__all__ = ["PACKAGED", "Encoder", "encode_queries", "open_encoder"]
