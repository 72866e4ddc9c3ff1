package import SandboxPlan

/// Ranges of host ids for pods with user namespaces: 65536 each, aligned, above the host's own, none given twice. What is
/// taken is the ledger's to know. Source: Kubernetes, "User Namespaces".
package enum IDRange {
    static let length: UInt32 = 65536

    /// The lowest free range; nil when all are taken.
    package static func free(besides taken: [IDMapping]) -> IDMapping? {
        let used = Set(taken.map(\.hostBase))
        // The last range stops short of the id that means "none".
        for base in stride(from: length, to: UInt32.max - length, by: Int(length)) where !used.contains(base) {
            return IDMapping(hostBase: base, length: length)
        }
        return nil
    }
}
