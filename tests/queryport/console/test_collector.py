"""The collector of cycles, while lasting objects are made."""

import gc
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from queryport.console.collector import collector_paused, collector_resumed


def test_it_is_paused_and_goes_on() -> None:
    assert gc.isenabled()
    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_resumed_within_a_pause_and_looks_at_nothing_of_before() -> None:
    gc.unfreeze()
    with collector_paused():
        with collector_resumed():
            assert gc.isenabled()
            assert gc.get_freeze_count() > 1000
        assert not gc.isenabled()
    gc.unfreeze()
    assert gc.isenabled()


def test_where_it_is_not_paused_there_is_nothing_to_resume() -> None:
    gc.unfreeze()
    with collector_resumed():
        assert gc.isenabled()
        assert gc.get_freeze_count() == 0
    assert gc.isenabled()


@pytest.mark.parametrize("command", ["serve", "emulator"])
def test_a_command_that_goes_on_has_it_resumed(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module(f"queryport.commands.{command}")

    def begin(*_: object) -> None:
        click.echo(gc.isenabled())

    monkeypatch.setattr(module, {"serve": "serve", "emulator": "allow_many_connections"}[command], begin)
    monkeypatch.setattr(module, "listen_by_option", None, raising=False)
    gc.unfreeze()
    with collector_paused():
        done = CliRunner().invoke(getattr(module, f"{command}_command"))
    gc.unfreeze()
    assert done.stdout == "True\n"
