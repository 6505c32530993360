"""Draws the plots of docs/performance.md from the figures of a run: python benchmarks/plots.py RESULTS FOLDER

Runs in an environment of its own, which has matplotlib (see the Makefile), and so imports nothing else.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found] # in an environment of its own
from matplotlib import pyplot

_OURS, _PEER = "#2563a8", "#b8b8b8"
_SHADES = ("#173f6b", "#2563a8", "#4d8bd0", "#85b3e3", "#bcd6f0")
_SIZE = (7.2, 3.2)


def calls(results: Any) -> Any:
    """CPU of a call by the number of its rows, both sides."""
    by_rows = results["call_by_rows"]
    rows = [int(count) for count in by_rows]
    figure, axes = pyplot.subplots(figsize=_SIZE)
    for side, color, label in (("peer", _PEER, "boto3 and decoding by hand"), ("ours", _OURS, "Queryport")):
        axes.plot(rows, [pair[side] for pair in by_rows.values()], "o-", color=color, label=label)
    for count, pair in zip(rows, by_rows.values(), strict=True):
        axes.annotate(f"{pair['ratio']:.2g}", (count, pair["ours"]), (0, -14), textcoords="offset points", ha="center")
    axes.set(xscale="log", yscale="log", xlabel="rows of six columns", ylabel="ms of CPU a call")
    axes.set_xticks(rows, [f"{count:,}" for count in rows])
    axes.margins(y=0.2)
    axes.legend(frameon=False)
    return figure


def start(results: Any) -> Any:
    """CPU of a start in its parts, as shares of boto3's client's."""
    figure, axes = pyplot.subplots(figsize=_SIZE)
    left = 0.0
    for (part, share), shade in zip(results["start_by_parts"].items(), _SHADES, strict=True):
        axes.barh("Queryport", share, left=left, color=shade, label=part)
        left += share
    axes.annotate(f"{left:.2f}", (left, 0), (6, 0), textcoords="offset points", va="center")
    axes.barh('boto3.client("rds-data")', 1.0, color=_PEER)
    axes.set(xlabel="CPU, as a share of boto3's")
    axes.invert_yaxis()
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.4, -0.22), ncols=2)
    return figure


def operations(results: Any) -> Any:
    """Start and call by the number of operations, as multiples of those with ten."""
    by_count = results["cost_by_operations"]
    counts = [10, *(int(count) for count in by_count)]
    figure, axes = pyplot.subplots(figsize=_SIZE)
    for cost, color in (("start", _SHADES[0]), ("call", _SHADES[2])):
        ratios = [1.0, *(each[cost]["ratio"] for each in by_count.values())]
        axes.plot(counts, ratios, "o-", color=color, label=f"a {cost}")
    axes.set(xscale="log", xlabel="operations in the catalogue", ylabel="as a multiple of ten operations'")
    axes.set_ylim(0.8, 1.2)
    axes.set_xticks(counts, [f"{count:,}" for count in counts])
    axes.legend(frameon=False)
    return figure


def main(results_file: str, folder: str) -> None:
    mpl.rcParams |= {
        "axes.spines.top": False,
        "axes.spines.right": False,
        "font.size": 10,
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "queryport",  # the same figures make the same file
    }
    results = json.loads(Path(results_file).read_text())
    Path(folder).mkdir(exist_ok=True)
    for draw in (calls, start, operations):
        figure = draw(results)
        figure.savefig(Path(folder) / f"{draw.__name__}.svg", bbox_inches="tight", metadata={"Date": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
