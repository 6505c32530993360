"""The Dockerfiles of the function and of the emulator."""

from tests.support.repository import ROOT


def _instructions(name: str, stage: str) -> list[str]:
    """The lines of a stage up to its last RUN, without comments: what the builder compares with what it has built."""
    text = (ROOT / name).read_text()
    _, _, rest = text.partition(f" AS {stage}\n")
    lines = [line for line in rest.partition("\nFROM ")[0].splitlines() if line.strip() and not line.startswith("#")]
    last = max(number for number, line in enumerate(lines) if line.startswith("RUN "))
    return lines[: last + 1]


def test_both_images_share_the_stages_that_take_long() -> None:
    for stage in ("installer", "tool"):
        ours, emulators = _instructions("Dockerfile", stage), _instructions("emulator.Dockerfile", stage)
        assert len(ours) > 2
        assert ours == emulators, stage
