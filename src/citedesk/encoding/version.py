"""The name of the compiling scheme, apart from the compiler so that serving need not import it."""

# Part of the encoder's identity: change it whenever the compiled graph changes.
SCHEME = "int8-token-v2"
