"""Draw what `deadband simulate --out DIR` writes: the profit's histogram, and how net delta and profit spread with time.

Reads `histogram.csv` and `fan.csv`; recomputes nothing.

    python Notebooks/plot_distributions.py Results/btc-short-strangle distributions.png
"""

import csv
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend must be chosen first)
from matplotlib.axes import Axes  # noqa: E402

COLOURS = ["#1f6f8b", "#c8553d", "#5b8c5a", "#8e6c8a"]
SECONDS_PER_DAY = 86_400
# The ranges that are shaded, outermost first, as quantile levels.
RANGES = [(0.01, 0.99), (0.05, 0.95), (0.25, 0.75)]

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    """Return the rows of a table."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def draw_histogram(axis: Axes, rows: list[Row], policies: list[str]) -> None:
    """Draw the share of the paths per unit of profit, a line per policy; the open bins at the ends are left out."""
    for colour, policy in zip(COLOURS, policies):
        bins = [row for row in rows if row["policy"] == policy and row["from"] and row["to"]]
        edges = [float(bins[0]["from"])] + [float(row["to"]) for row in bins]
        heights = [float(row["share"]) / (float(row["to"]) - float(row["from"])) for row in bins]
        axis.stairs(heights, edges, color=colour, label=policy)
    axis.set_xlabel(f"profit at the horizon [{rows[0]['unit']}]")
    axis.set_yticks([])
    axis.locator_params(axis="x", nbins=5)
    axis.legend(frameon=False)


def draw_fan(axis: Axes, rows: list[Row], quantity: str, policy: str) -> None:
    """Shade the ranges that hold 98, 90 and 50 of 100 paths, and draw the median."""
    own = [row for row in rows if row["policy"] == policy and row["quantity"] == quantity]
    days = [float(row["seconds"]) / SECONDS_PER_DAY for row in own if float(row["level"]) == 0.5]

    def level(wanted: float) -> list[float]:
        return [float(row["value"]) for row in own if float(row["level"]) == wanted]

    for low, high in RANGES:
        axis.fill_between(days, level(low), level(high), color=COLOURS[0], alpha=0.25, linewidth=0)
    axis.plot(days, level(0.5), color=COLOURS[0])
    axis.set_xlabel("days from now")
    axis.set_title(f"{quantity} of {policy} [{own[0]['unit']}]", fontsize=10)


def main(directory: Path, target: Path) -> None:
    """Draw one figure with three panels, the fans of the first policy."""
    bins, fans = read(directory / "histogram.csv"), read(directory / "fan.csv")
    policies = list(dict.fromkeys(row["policy"] for row in bins))
    figure, (profits, deltas, earned) = plt.subplots(1, 3, figsize=(14, 4.2))
    draw_histogram(profits, bins, policies[: len(COLOURS)])
    draw_fan(deltas, fans, "netDelta", policies[0])
    draw_fan(earned, fans, "profit", policies[0])
    figure.tight_layout()
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
