"""Draw the no-trade bands of a result directory: net delta against spot today, and against time at today's spot.

Reads `policy.nc` and `parameters.json`; recomputes nothing.

    python Notebooks/plot_bands.py Results/btc-short-strangle bands.png
"""

import json
import sys
from pathlib import Path

import matplotlib
import numpy as np
import xarray as xr

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend must be chosen first)

COLOURS = ["#1f6f8b", "#c8553d", "#5b8c5a", "#8e6c8a"]


def main(result: Path, target: Path) -> None:
    """Draw one figure with two panels, one colour per regime."""
    parameters = json.loads((result / "parameters.json").read_text())
    spot = float(parameters["reference"]["spot"])
    unit = parameters["regimes"][0]["classes"]["optimal"]["band"]["unit"]
    figure, (across, along) = plt.subplots(1, 2, figsize=(11, 4.2), sharey=True)
    with xr.open_dataset(result / "policy.nc") as policy:
        bands = policy.sel({"class": "optimal"})
        today = bands.isel(time=0)
        near = (today.spot > 0.7 * spot) & (today.spot < 1.4 * spot)
        here = bands.sel(spot=spot, method="nearest")
        days = (here.time - here.time[0]) / np.timedelta64(1, "D")
        for colour, regime in zip(COLOURS, bands.regime.values):
            label = str(regime)
            for axis, part, x in (
                (across, today.sel(regime=regime).where(near, drop=True), None),
                (along, here.sel(regime=regime), days),
            ):
                x = part.spot if x is None else x
                axis.plot(x, part.lower, color=colour, label=label)
                axis.plot(x, part.upper, color=colour)
                axis.plot(x, part.targetLower, color=colour, linestyle=":")
                axis.plot(x, part.targetUpper, color=colour, linestyle=":")
    across.axvline(spot, color="0.7", linewidth=0.8)
    across.set_xlabel("spot today")
    across.set_ylabel(f"net delta [{unit}]")
    along.set_xlabel("days from now, at today's spot")
    limit = 2.2 * max(abs(v) for v in across.get_ylim()) / 2
    across.set_ylim(-limit, limit)
    across.legend(frameon=False)
    across.set_title("hold between the lines, trade to the dots", fontsize=10)
    figure.suptitle(str(parameters["name"]))
    figure.tight_layout()
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
