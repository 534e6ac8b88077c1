"""Text to vectors: the compiled encoder that serves, and sentence-transformers as reference."""

from citedesk.encoding.factory import PACKAGED, open_encoder
from citedesk.encoding.protocol import Encoder

__all__ = ["PACKAGED", "Encoder", "open_encoder"]
