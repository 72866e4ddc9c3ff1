/// A certificate and its private key, as PEM text.
package struct KeyPair: Sendable, CustomStringConvertible {
    package let certificatePEM: String
    package let privateKeyPEM: String

    package var description: String { "KeyPair(<redacted>)" }
}
