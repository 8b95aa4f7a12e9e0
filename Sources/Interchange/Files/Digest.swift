internal import CSodium

/// Digests of what was read and written; records identify models and results by them.
public enum Digest {
  /// libsodium asks to be initialised once before anything else. It fails only when the system has no random numbers,
  /// which a digest does not need, so the outcome does not matter here.
  private static let initialised: Int32 = sodium_init()

  /// The SHA-256 digest as 64 lower-case hexadecimal digits.
  ///
  /// Source: FIPS PUB 180-4 (2015), section 6.2. *Verified by* `DigestTests`.
  public static func sha256(of content: [UInt8]) -> String {
    _ = initialised
    var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    let status = unsafe crypto_hash_sha256(&digest, content, UInt64(content.count))
    precondition(status == 0, "the digest of a buffer in memory cannot fail")
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }, as: UTF8.self)
  }

  /// The SHA-256 digest of a text in UTF-8.
  public static func sha256(of text: String) -> String {
    sha256(of: Array(text.utf8))
  }

  /// The SHA-256 digest of a file.
  /// - Throws: `ModelFileError.unreadable`.
  public static func sha256(ofFile path: String) throws(ModelFileError) -> String {
    do {
      return sha256(of: try SystemFile.read(path))
    } catch {
      throw .unreadable(file: path, reason: error.reason)
    }
  }
}
