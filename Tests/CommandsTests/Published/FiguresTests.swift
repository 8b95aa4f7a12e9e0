import Testing

@testable import Commands

/// Numbers as people read them, as literals.
@Suite struct FiguresTests {
  @Test func significantDigits() {
    let rows: [(Double, Int, String)] = [
      (0, 4, "0"), (1.92, 3, "1.92"), (-1.92, 3, "−1.92"), (63000, 5, "63 000"), (9999, 4, "9999"),
      (0.00123, 3, "0.00123"), (1.3e-9, 2, "1.3e−9"), (-2.5e12, 2, "−2.5e12"), (9.9996, 4, "10.00"),
      (.infinity, 3, "∞"), (-.infinity, 3, "−∞"), (.nan, 3, "–"),
    ]
    for (value, digits, text) in rows { #expect(Figures.significant(value, digits) == text, "\(value)") }
  }

  @Test func decimals() {
    let rows: [(Double, Int, String)] = [
      (1234.5, 1, "1234.5"), (12345.678, 2, "12 345.68"), (-0.001, 2, "0.00"), (-1, 0, "−1"), (1e6, 0, "1 000 000"),
    ]
    for (value, digits, text) in rows { #expect(Figures.decimals(value, digits) == text, "\(value)") }
  }

  /// As many decimals as two digits of the error bear.
  @Test func measured() {
    let rows: [(Double, Double, String)] = [
      (812.44, 0.61, "812.44 ± 0.61"), (14767, 19, "14 767 ± 19"), (31655, 80.4, "31 655 ± 80"),
      (1.26072, 0.0083, "1.2607 ± 0.0083"), (5, 0, "5.0000"),
    ]
    for (value, error, text) in rows { #expect(Figures.measured(value, error) == text, "\(value)") }
  }

  @Test func durations() {
    let rows: [(Double, String)] = [
      (0.25, "250 ms"), (45, "45 s"), (300, "5 min"), (7199, "120 min"), (7200, "2 h"), (15120, "4.2 h"),
      (86_400 * 15.4, "15.4 d"), (365 * 86_400 * 3, "3 y"), (.infinity, "never"),
    ]
    for (seconds, text) in rows { #expect(Figures.duration(seconds) == text, "\(seconds)") }
  }

  @Test func percentages() {
    #expect(Figures.signedPercent(0.024, 1) == "+2.4 %")
    #expect(Figures.signedPercent(-0.021, 1) == "−2.1 %")
    #expect(Figures.percent(0.5, 0) == "50 %")
  }

  @Test func progressLine() {
    #expect(ProgressBar.line("solving x", 0.02, elapsed: 2) == "solving x ────────────────────────────── 2 %")
    #expect(
      ProgressBar.line("solving x", 0.5, elapsed: 12) == "solving x ━━━━━━━━━━━━━━━─────────────── 50 % · 12 s left")
    #expect(ProgressBar.line("solving x", 1, elapsed: 9) == "solving x ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 100 %")
  }

  @Test func table() {
    var table = TextTable("<name", "value")
    table.add("a", "−1.5")
    table.add(["long name", "10"], strong: true)
    #expect(
      table.lines(style: .plain) == [
        "  name       value", "  ────────────────", "  a           −1.5", "  long name     10",
      ])
    #expect(table.lines(style: Style(isColoured: true))[3] == "\u{1B}[1m  long name     10\u{1B}[0m")
  }
}
