import Interchange
import Testing

/// Example messages of FIPS 180 (NIST, "Secure Hash Standard" with examples, 2002 and later): SHA-256.
@Suite("Digest")
struct DigestTests {
  /// A message of the examples, under a name: one of them has a million letters.
  struct Example: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let message: String
    let digest: String

    init(_ name: String, _ message: String, _ digest: String) {
      (testDescription, self.message, self.digest) = (name, message, digest)
    }
  }

  @Test(
    "SHA-256 examples",
    arguments: [
      Example("nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      Example("three letters", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      Example(
        "one block", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
      Example(
        "two blocks",
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"),
      Example(
        "a million letters", String(repeating: "a", count: 1_000_000),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
  func examples(_ example: Example) {
    #expect(Digest.sha256(of: example.message) == example.digest)
  }

  @Test("a file has the digest of its content")
  func file() throws {
    let scratch = try Scratch()
    try AtomicFile.write("abc", to: scratch.path("a"))
    #expect(
      try Digest.sha256(ofFile: scratch.path("a")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    #expect(
      throws: ModelFileError.unreadable(file: scratch.path("b"), reason: "No such file or directory")
    ) { try Digest.sha256(ofFile: scratch.path("b")) }
  }
}
