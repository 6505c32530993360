"""The docker command, as a user types it."""

import os
import subprocess
from pathlib import Path

FUNCTION = "localhost/queryport/function"
COMPILER = "localhost/queryport/compiler"
RUNTIME = "localhost/queryport/runtime"


def output(*arguments: str) -> str:
    """What `docker` prints. Raises CalledProcessError, with what it said, if it fails."""
    without_provenance = os.environ | {
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"
    }  # as the Makefile has it, and for its reason
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, env=without_provenance)
    if done.returncode != 0:
        error = subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)
        error.add_note(f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
        raise error
    return done.stdout.strip()


def build(context: Path, tag: str, target: str | None = None, **arguments: str) -> str:
    """Builds an image and answers what was printed on the way. Unchanged steps come from the engine's cache."""
    options = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
    return output("build", *(("--target", target) if target else ()), *options, "--tag", tag, str(context))


def python(image: str, script: str) -> str:
    """What a script prints that runs inside of an image."""
    return output("run", "--rm", "--entrypoint", "/var/lang/bin/python3", image, "-c", script)
