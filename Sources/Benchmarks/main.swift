// Benchmarks: one JSON object per line on standard output. Times are wall seconds of this machine and moment; compare the
// ratios, which are taken against a reference kernel in the same run. `Benchmarks solve`, `growth`, `rollout`, or all.
let chosen = CommandLine.arguments.dropFirst().first ?? "all"
if chosen == "all" || chosen == "solve" { for line in try solveBenchmark() { print(line) } }
if chosen == "all" || chosen == "growth" { for line in try growthBenchmark() { print(line) } }
if chosen == "all" || chosen == "rollout" { for timing in try rollOutBenchmark() { print(timing.line) } }
