"""The roll-out and the game step of Deadband beside the same schemes written plainly in numba.

Usage: compare.py BENCHMARKS, the path of the release build of `Benchmarks`; or `make compare`.
One JSON object per line: the fastest of several runs; only ratios within one run mean anything. Roll-outs are compared with two
threads each, by wall time and by processor time, which other work on the cores does not stretch.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from numba import njit, prange, set_num_threads
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REPETITIONS = 7
THREADS = 2
# The case "one regime, one leg, constant band" of RollOutBenchmark.swift.
SPOT, STRIKE, VOLATILITY, YEARS, COST, AVERSION, HALF_WIDTH = 100.0, 100.0, 0.6, 30 / 365, 0.0005, 0.01, 0.05
STEPS, PATHS = 720, 1 << 15
# The case "proportional, one regime" of SolveBenchmark.swift.
SPOTS, HOLDINGS, GAME_STEPS = 400, 208, 500
GAME_VOLATILITY, GAME_AVERSION, IMPLIED, DEVIATIONS = 0.5, 0.1, 0.8, 5.0


# The case "two regimes, two marks, table": the table's bands are everywhere those of the constant band.
VOLATILITIES, MARKS, LEAVING = (0.4, 0.9), (0.5, 0.8), (20.0, 40.0)
TABLE_TIMES, TABLE_SPOTS, FIRST_LOG_SPOT, LOG_SPOT_STEP = 61, 401, 4.0, 0.003


@njit(fastmath=True)
def call_delta(spot: float, remaining: float, volatility: float) -> float:
    """Delta of the call at a time before expiry."""
    if remaining <= 0.0:
        return 1.0 if spot > STRIKE else 0.0
    deviation = volatility * math.sqrt(remaining)
    d1 = math.log(spot / STRIKE) / deviation + 0.5 * deviation
    return 0.5 * math.erfc(-d1 / math.sqrt(2.0))


@njit(fastmath=True)
def beyond(net: float, lower: float, upper: float) -> float:
    """The trade that leads back to the edge of the band."""
    if net > upper:
        return upper - net
    return lower - net if net < lower else 0.0


@njit(fastmath=True, parallel=True)
def roll_out(paths: int, steps: int) -> float:
    """Mean of costs and gamma risk (trapezoidal) of a constant band looked at every step, the short call settled in cash."""
    step = YEARS / steps
    shift = -0.5 * VOLATILITY * VOLATILITY * step
    scale = VOLATILITY * math.sqrt(step)
    weight = 0.25 * AVERSION * VOLATILITY * VOLATILITY * step
    total = 0.0
    for _ in prange(paths):
        spot, inventory, criterion = SPOT, 0.0, 0.0
        delta = -call_delta(spot, YEARS, VOLATILITY)
        for index in range(steps):
            trade = beyond(delta + inventory, -HALF_WIDTH, HALF_WIDTH)
            inventory += trade
            criterion += COST * spot * abs(trade)
            held = spot * (delta + inventory)
            criterion += weight * held * held
            spot *= math.exp(shift + scale * np.random.standard_normal())
            delta = -call_delta(spot, YEARS - (index + 1) * step, VOLATILITY)
            held = spot * (delta + inventory)
            criterion += weight * held * held
        criterion += COST * spot * abs(inventory)
        total += criterion
    return total / paths


@njit(fastmath=True)
def edge(rows: Floats, time: float, log_spot: float, regime: int, side: int) -> float:
    """Bilinear in the table, `[time, regime, log-spot, side]`, whose equal spacing is made use of."""
    row = min(max(time / YEARS * (TABLE_TIMES - 1), 0.0), TABLE_TIMES - 1.0)
    early = min(int(row), TABLE_TIMES - 2)
    place = min(max((log_spot - FIRST_LOG_SPOT) / LOG_SPOT_STEP, 0.0), TABLE_SPOTS - 1.0)
    left = min(int(place), TABLE_SPOTS - 2)
    late, right = row - early, place - left
    before = rows[early, regime, left, side] * (1.0 - right) + rows[early, regime, left + 1, side] * right
    after = rows[early + 1, regime, left, side] * (1.0 - right) + rows[early + 1, regime, left + 1, side] * right
    return before * (1.0 - late) + after * late


@njit(fastmath=True, parallel=True)
def roll_out_table(paths: int, steps: int, rows: Floats) -> float:
    """The same with a table of bands and two regimes, which switch at exponential times and have a mark of the call each."""
    step = YEARS / steps
    total = 0.0
    for _ in prange(paths):
        log_spot, spot, inventory, criterion, regime = math.log(SPOT), SPOT, 0.0, 0.0, 0
        change = np.random.standard_exponential() / LEAVING[0]
        delta = -call_delta(spot, YEARS, MARKS[0])
        for index in range(steps):
            time, end = index * step, (index + 1) * step
            net = delta + inventory
            trade = beyond(net, edge(rows, time, log_spot, regime, 0), edge(rows, time, log_spot, regime, 1))
            inventory += trade
            criterion += COST * spot * abs(trade)
            held = spot * (delta + inventory) * VOLATILITIES[regime]
            criterion += 0.25 * AVERSION * step * held * held
            variance, last = 0.0, time
            while change <= end:
                variance += VOLATILITIES[regime] ** 2 * (change - last)
                last, regime = change, 1 - regime
                change += np.random.standard_exponential() / LEAVING[regime]
            variance += VOLATILITIES[regime] ** 2 * (end - last)
            log_spot += math.sqrt(variance) * np.random.standard_normal() - 0.5 * variance
            spot = math.exp(log_spot)
            delta = -call_delta(spot, YEARS - end, MARKS[regime])
            held = spot * (delta + inventory) * VOLATILITIES[regime]
            criterion += 0.25 * AVERSION * step * held * held
        criterion += COST * spot * abs(inventory)
        total += criterion
    return total / paths


@njit(fastmath=True)
def game(log_spots: Floats, holdings: Floats, deltas: Floats, lengths: Floats) -> Floats:
    """W = dV/dy by backward differences with a lagged multiplier: one elimination per step, every holding a right-hand side,
    clipped to [-kS, kS]. `deltas` is [step, spot]."""
    rows, lines, steps = log_spots.size, holdings.size, lengths.size
    variance = GAME_VOLATILITY * GAME_VOLATILITY
    spots = np.exp(log_spots)
    recent = np.zeros((rows, lines))
    older = np.zeros((rows, lines))
    multiplier = np.zeros((rows, lines))
    lower, upper = np.zeros(rows), np.zeros(rows)
    factor, inverse, solved = np.zeros(rows), np.zeros(rows), np.zeros(lines)
    for index in range(steps):
        h = lengths[index]
        if index == 0:
            c0, c1, c2 = 1.0, 1.0, 0.0
        else:
            ratio = h / lengths[index - 1]
            c0 = (1.0 + 2.0 * ratio) / (1.0 + ratio)
            c1, c2 = 1.0 + ratio, ratio * ratio / (1.0 + ratio)
        for row in range(rows):
            if 0 < row < rows - 1:
                below, above = log_spots[row] - log_spots[row - 1], log_spots[row + 1] - log_spots[row]
                lower[row] = -h * (variance / (below * (below + above)) + 0.5 * variance / (below + above))
                upper[row] = -h * (variance / (above * (below + above)) - 0.5 * variance / (below + above))
            else:
                lower[row], upper[row] = 0.0, 0.0
            pivot = c0 - lower[row] - upper[row] - (lower[row] * factor[row - 1] if row > 0 else 0.0)
            inverse[row] = 1.0 / pivot
            factor[row] = upper[row] * inverse[row]
        for row in range(rows):
            exposure = h * GAME_AVERSION * variance * spots[row] * spots[row]
            for line in range(lines):
                value = exposure * (deltas[index, row] + holdings[line])
                value += c1 * recent[row, line] - c2 * older[row, line] - h * multiplier[row, line]
                if row > 0:
                    value -= lower[row] * older[row - 1, line]
                older[row, line] = value * inverse[row]
        lag = h / c0
        solved[:] = 0.0
        for row in range(rows - 1, -1, -1):
            bound = COST * spots[row]
            for line in range(lines):
                value = older[row, line] - factor[row] * solved[line]
                solved[line] = value
                predictor = value + lag * multiplier[row, line]
                clipped = min(max(predictor, -bound), bound)
                multiplier[row, line] = (predictor - clipped) / lag
                older[row, line] = clipped
        recent, older = older, recent
    return recent


def straddle_deltas(log_spots: Floats, remaining: Floats) -> Floats:
    """Deltas of the short straddle, [step, spot]."""
    deviation = IMPLIED * np.sqrt(np.maximum(remaining, 1e-12))[:, None]
    d1 = (log_spots[None, :] - math.log(STRIKE)) / deviation + 0.5 * deviation
    cumulative = np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2.0)))(d1)
    return -(2.0 * cumulative - 1.0)


def fastest(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of the fastest of some runs, the one that compiles apart."""
    work()
    seconds = []
    for _ in range(REPETITIONS):
        start = clock()
        work()
        seconds.append(clock() - start)
    return min(seconds)


def deadband(program: str, benchmark: str, case: str) -> dict:
    """The line of one case of the Swift benchmarks."""
    lines = subprocess.run([program, benchmark, case], check=True, capture_output=True, text=True).stdout.splitlines()
    found = [json.loads(line) for line in lines]
    return next(row for row in found if row["case"] == case and row.get("threads", 1) == 1)


def compare_roll_outs(program: str) -> None:
    """Both roll-outs with two threads on either side."""
    set_num_threads(THREADS)
    rows = np.empty((TABLE_TIMES, 2, TABLE_SPOTS, 2))
    rows[..., 0], rows[..., 1] = -HALF_WIDTH, HALF_WIDTH
    for case, work in [
        ("one regime, one leg, constant band", lambda: roll_out(PATHS, STEPS)),
        ("two regimes, two marks, table", lambda: roll_out_table(PATHS, STEPS, rows)),
    ]:
        own = deadband(program, "threads", case)
        for clock, name, key in [
            (time.perf_counter, "rollOut, wall time", "wallSeconds"),
            (time.process_time, "rollOut, processor time", "processorSeconds"),
        ]:
            ours = 1e9 * own[key][THREADS - 1] / own["pathSteps"]
            plain = 1e9 * fastest(work, clock) / (PATHS * STEPS)
            report(f"{name}, {THREADS} threads: {case}", "path-step", ours, plain, own["criterion"], work())


def main() -> None:
    program = sys.argv[1]
    compare_roll_outs(program)

    half = DEVIATIONS * GAME_VOLATILITY * math.sqrt(YEARS)
    log_spots = np.linspace(math.log(SPOT) - half, math.log(SPOT) + half, SPOTS)
    holdings = np.linspace(-1.2, 1.2, HOLDINGS)
    left = YEARS * (np.arange(GAME_STEPS + 1) / GAME_STEPS) ** 1.5
    deltas = straddle_deltas(log_spots, left[1:])
    lengths = np.diff(left)
    slopes = game(log_spots, holdings, deltas, lengths)
    row = SPOTS // 2
    inside = np.abs(slopes[row]) < COST * math.exp(log_spots[row]) * (1 - 1e-9)
    width = float(np.ptp(holdings[inside])) + float(holdings[1] - holdings[0])
    seconds = fastest(lambda: game(log_spots, holdings, deltas, lengths))
    line = deadband(program, "solve", "proportional, one regime")
    report(
        "game",
        "unknown and step",
        line["nanosecondsPerUnknownStepAndCore"],
        1e9 * seconds / (SPOTS * HOLDINGS * GAME_STEPS),
        None,
        width,
    )


def report(name: str, unit: str, ours: float, plain: float, answer: float | None, other: float) -> None:
    """One comparison as a line."""
    row = {
        "benchmark": name,
        "deadbandNanoseconds": round(ours, 3),
        "numbaNanoseconds": round(plain, 3),
        "per": unit,
        "ratio": round(plain / ours, 2),
        "numbaAnswer": other,
    }
    if answer is not None:
        row["deadbandAnswer"] = answer
    print(json.dumps(row))


if __name__ == "__main__":
    main()
