"""Files that run in another system's environment, as scripts; nothing of CiteDesk may be imported in `peer_*`."""
