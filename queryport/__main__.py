"""The script `queryport`: the command line, or the name of the extra to install where its libraries are missing."""

import atexit
import gc
import os
import sys

from queryport import handler_package


def main() -> None:
    """Run the command line. Ends with 1 and the cure where queryport was installed without its extra `tool`."""
    try:
        _run()
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ("queryport", "handler"):
            raise
        sys.exit(
            f"error: the command line needs the module {error.name}, which comes with the extra `tool`: "
            "pip install 'queryport[tool]'"
        )
    except KeyboardInterrupt:
        # As click ends a command: until its libraries are imported, it cannot.
        sys.exit("\nAborted!")


def _run() -> None:
    # A command makes lasting objects and hardly any garbage: those that go on, or compile many files, have it collected
    # (queryport/console/collector.py).
    gc.disable()
    # To look for plugins, pydantic reads what every installed package says of itself.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    handler_package.pin()
    # As it ends, Python looks through all objects for cycles: of a large project that takes longer than to make them.
    atexit.register(gc.freeze)
    from queryport.commands.main import main as run

    run()


if __name__ == "__main__":
    main()
