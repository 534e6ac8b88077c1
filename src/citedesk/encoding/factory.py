"""Choose the encoder a site named."""

from citedesk.encoding.compiled import open_compiled
from citedesk.encoding.protocol import Encoder
from citedesk.settings import Settings

# The setting that names the packaged encoder.
PACKAGED = "minilm"


def open_encoder(settings: Settings) -> Encoder:
    """Open the encoder named in the settings: `minilm` compiled, else any sentence-transformers model.

    Raises:
        IntegrityError: if the packaged weights differ from their hash.
        InputError: if a named model cannot be loaded.
    """
    if settings.encoder == PACKAGED:
        return open_compiled(settings.encoders, settings.threads)
    from citedesk.encoding.reference import ReferenceEncoder

    return ReferenceEncoder(settings.encoder)
