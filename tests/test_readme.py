"""The README names every command, route and setting, so that it cannot fall behind."""

import ast
import importlib
import re
from pathlib import Path

import click
import pytest

from citedesk.api import create_app
from citedesk.cli.main import COMMANDS
from citedesk.desk import Desk

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """List every command with its sub-commands: `suggest`, `kb add`, ..."""
    found = []
    for name, (module, function) in sorted(COMMANDS.items()):
        command = getattr(importlib.import_module(module), function)
        below = sorted(command.commands) if isinstance(command, click.Group) else []
        found += [f"{name} {child}" for child in below] or [name]
    return found


def routes() -> list[str]:
    """List every route as `METHOD /path`, without the converters of its parameters."""

    def unopened() -> Desk:
        raise AssertionError("assembling the application must not open a desk")

    paths = create_app(unopened).openapi()["paths"]
    return sorted(f"{method.upper()} {path}" for path, methods in paths.items() for method in methods)


def settings() -> list[str]:
    tree = ast.parse((ROOT / "src" / "citedesk" / "settings.py").read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return sorted(text for text in texts if re.fullmatch(r"CITEDESK_[A-Z_]+", text))


def test_lists_read_from_the_sources_are_not_empty() -> None:
    assert "kb add" in commands()
    assert "POST /v1/suggestions" in routes()
    assert "CITEDESK_HOME" in settings()


@pytest.mark.parametrize("command", commands())
def test_readme_names_the_command(command: str) -> None:
    assert re.search(rf"\bcitedesk (?:--home \S+ )?{command}\b", README)


@pytest.mark.parametrize("route", routes())
def test_readme_names_the_route(route: str) -> None:
    method, path = route.split(" ")
    # "GET,POST /v1/search" and "GET|POST" name two routes at once.
    assert re.search(rf"\b{method}\b[A-Z,| ]*`? ?`?{re.escape(path)}(?![\w/{{])", README)


@pytest.mark.parametrize("setting", settings())
def test_readme_names_the_setting(setting: str) -> None:
    assert re.search(rf"\b{setting}\b", README)


def test_readme_names_no_command_that_is_not_there() -> None:
    heads = {command.split(" ")[0] for command in commands()}
    named = re.findall(r"^\s*(?:\$ )?citedesk (?:--home \S+ )?([a-z]+)\b", README, re.M)
    assert set(named) - heads == set()


def test_readme_names_no_setting_that_is_not_read() -> None:
    assert set(re.findall(r"\bCITEDESK_[A-Z_]+\b", README)) - set(settings()) == set()


def test_readme_links_lead_to_files_that_exist() -> None:
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", README) if "://" not in link]
    assert [link for link in links if link and not (ROOT / link).exists()] == []
