"""`citedesk serve`: the HTTP interface."""

import ipaddress

import click

from citedesk.cli.common import opened
from citedesk.desk import open_desk
from citedesk.errors import ConfigError
from citedesk.settings import Settings, hand_on

# A worker silent for so long is started anew. Loading one on a busy machine takes a while; one killed while it is
# asked is noticed only then, and the others serve meanwhile.
WORKER_SILENCE_SECONDS = 20


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that serve.")
@click.pass_obj
def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve the suggestion API and KB search over HTTP.

    Several workers share the index's files in memory; each has an encoder with CITEDESK_THREADS threads of its own.
    """
    if settings.principals is None and not _loopback(host):
        raise ConfigError(
            f"{host} can be reached by others, and no tokens are set: point CITEDESK_PRINCIPALS to a principals file, "
            "or listen on 127.0.0.1"
        )
    with opened(settings) as desk:
        count = len(desk.snapshot.living)
    click.echo(f"citedesk: {count} documents ready, listening on http://{host}:{port}", err=True)
    _run(settings, host, port, workers)


def _run(settings: Settings, host: str, port: int, workers: int) -> None:
    import uvicorn

    from citedesk.api import create_app

    if workers == 1:
        app = create_app(lambda: open_desk(settings, background=True))
        uvicorn.run(app, host=host, port=port, log_level="warning")
        return
    hand_on(settings)
    uvicorn.run(
        "citedesk.api.app:from_environment",
        factory=True,
        workers=workers,
        host=host,
        port=port,
        log_level="warning",
        timeout_worker_healthcheck=WORKER_SILENCE_SECONDS,
    )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
