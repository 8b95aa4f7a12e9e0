import Formulation
import Glibc
import Testing

/// Instants against known ones and against the system's own calendar.
@Suite struct CalendarTests {
  /// Texts in the forms of price files, and the seconds since 1970 they mean.
  @Test func civilDates() {
    let rows: [(String, Double?)] = [
      ("1970-01-01", 0), ("2000-02-29T12:34:56Z", 951_827_696), ("2021-10-20T21:24:34Z", 1_634_765_074),
      ("2038-01-19 03:14:08", 2_147_483_648), ("1969-12-31T23:59:59.5Z", -0.5),
      ("2020-01-01T02:30:00+02:30", 1_577_836_800),
      ("2019-12-31T19:00:00-05:00", 1_577_836_800), ("1900-02-29", nil), ("2021-13-01", nil), ("2021-00-10", nil),
      ("2021-04-31", nil), ("2021-04-30T24:00:00Z", nil), ("2021-04-30T23:60:00Z", nil), ("2018-10-16 11-PM", nil),
      ("2021-04-30T23:00:00ZZ", nil), ("2021-4-3", nil), ("", nil),
    ]
    for (text, seconds) in rows {
      let read = Array(text.utf8).withUnsafeBufferPointer { Instant(utf8: $0, zone: .anyOrUTC)?.seconds }
      #expect(read == seconds, "\(text)")
    }
  }

  /// Where only UTC is allowed, no other zone and no missing one is.
  @Test(arguments: [
    "2021-10-21T08:00:00", "2021-10-21 08:00:00Z", "2021-10-21T08:00:00+00:00", "2021-10-21T08:00.5Z",
    "2021-10-21T08:00:00.Z", "2021-10-21T", "2021-10-21T08Z", "2021-10-21Z",
  ]) func onlyUTC(_ text: String) { #expect(Instant(text) == nil) }

  /// Every day of four centuries.
  @Test func systemCalendar() throws {
    for day in stride(from: -80_000, to: 80_000, by: 1) {
      var time = time_t(day * 86_400)
      var parts = tm()
      gmtime_r(&time, &parts)
      let counted = Instant(year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday))
      if counted?.seconds != Double(time) { Issue.record("day \(day) counted as \(String(describing: counted))") }
    }
  }
}
