"""`citedesk serve`: the HTTP interface."""

import ipaddress

import click

from citedesk.cli.common import opened
from citedesk.desk import open_desk
from citedesk.errors import ConfigError
from citedesk.settings import Settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.pass_obj
def serve(settings: Settings, host: str, port: int) -> None:
    """Serve the suggestion API and KB search over HTTP."""
    import uvicorn

    from citedesk.api import create_app

    if settings.principals is None and not _loopback(host):
        raise ConfigError(
            f"{host} can be reached by others, and no tokens are set: point CITEDESK_PRINCIPALS to a principals file, "
            "or listen on 127.0.0.1"
        )
    with opened(settings) as desk:
        count = len(desk.snapshot.living)
    click.echo(f"citedesk: {count} documents ready, listening on http://{host}:{port}", err=True)
    uvicorn.run(create_app(lambda: open_desk(settings, background=True)), host=host, port=port, log_level="warning")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
