// Benchmarks: one JSON object per line on standard output. Times are processor seconds of this machine; compare the
// ratios, which are taken against a reference kernel in the same run. `Benchmarks solve`, `growth`, `frontier`, `classes`,
// `prices`, `rollout`, `threads`, or all; `Benchmarks rollout TEXT`, `Benchmarks threads TEXT` and `Benchmarks solve TEXT` run only the
// cases whose names contain the text.
let chosen = CommandLine.arguments.dropFirst().first ?? "all"
let text = CommandLine.arguments.dropFirst(2).first
if chosen == "all" || chosen == "solve" { for line in try solveBenchmark(containing: text) { print(line) } }
if chosen == "all" || chosen == "growth" { for line in try growthBenchmark() { print(line) } }
if chosen == "all" || chosen == "frontier" { for line in try frontierBenchmark() { print(line) } }
if chosen == "all" || chosen == "classes" { for line in try classBenchmark() { print(line) } }
if chosen == "all" || chosen == "prices" { for line in try priceBenchmark() { print(line) } }
if chosen == "all" || chosen == "rollout" {
  for timing in try rollOutBenchmark(containing: text) { print(timing.line) }
}
if chosen == "all" || chosen == "threads" {
  for line in try threadBenchmark(containing: text) { print(line) }
}
if chosen == "bound" { for line in try boundBenchmark() { print(line) } }
