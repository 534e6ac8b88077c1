"""The root command. Errors become one clear line and an exit code; nobody sees a traceback."""

import importlib
import logging
import sys
from pathlib import Path

import click

from citedesk import __version__
from citedesk.errors import CiteDeskError, StorageError
from citedesk.settings import read_settings
from citedesk.telemetry import configure_logging, log_event

# Exit code of Ctrl-C, by the convention of shells: 128 + SIGINT.
INTERRUPTED = 130
# Command -> (module, function). Imported when called, so that `--help` is quick.
COMMANDS = {
    "audit": ("citedesk.cli.audit", "audit"),
    "bench": ("citedesk.cli.bench", "bench"),
    "demo": ("citedesk.cli.demo", "demo"),
    "doctor": ("citedesk.cli.doctor", "doctor"),
    "drift": ("citedesk.cli.drift", "drift"),
    "eval": ("citedesk.cli.evaluation", "evaluation"),
    "guard": ("citedesk.cli.guard", "guard"),
    "kb": ("citedesk.cli.kb", "kb"),
    "policy": ("citedesk.cli.policy", "policy"),
    "models": ("citedesk.cli.models", "models"),
    "reclassify": ("citedesk.cli.reclassify", "reclassify"),
    "serve": ("citedesk.cli.serve", "serve"),
    "suggest": ("citedesk.cli.suggest", "suggest"),
    "tickets": ("citedesk.cli.tickets", "tickets"),
    "train": ("citedesk.cli.train", "train"),
    "triage": ("citedesk.cli.triage", "triage"),
    "vault": ("citedesk.cli.vault", "vault"),
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of all state. [CITEDESK_HOME, ./.citedesk]",
)
@click.version_option(__version__)
@click.pass_context
def root(context: click.Context, home: Path | None) -> None:
    """CiteDesk: classify, route and answer tickets, with citations you can check. Offline, no LLM needed."""
    settings = read_settings(home=home)
    configure_logging(settings.log_level)
    context.obj = settings


def main() -> None:
    """Run the command line and exit."""
    sys.exit(run())


def run(arguments: list[str] | None = None) -> int:  # noqa: PLR0911  one return for each kind of end
    """Run the command line; return its exit code."""
    try:
        code = root.main(arguments, prog_name="citedesk", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted; what was finished is kept, run the command again to go on", INTERRUPTED)
    except CiteDeskError as error:
        return _fail(str(error), error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        return _fail(f"{error.strerror or error}: {error.filename or 'no file named'}", StorageError.exit_code)
    except Exception as error:  # noqa: BLE001  the edge: the kind is logged, the text is not shown
        log_event("unexpected_error", logging.ERROR, kind=type(error).__name__)
        return _fail(f"unexpected {type(error).__name__}; this is a defect, please report it", 1)
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int) -> int:
    click.echo(f"citedesk: {message}", err=True)
    return code
