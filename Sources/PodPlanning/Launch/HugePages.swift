package import KubeAPI

/// Huge pages as pods ask for them. Source: Kubernetes, "Manage HugePages".
package enum HugePages {
    private static let prefix = "hugepages-"

    /// The resource whose pages have that size, a power of two. Bytes.
    package static func resource(pageBytes: Int) -> String {
        let units = ["", "Ki", "Mi", "Gi", "Ti"]
        let power = min(pageBytes.trailingZeroBitCount / 10, units.count - 1)
        return "\(prefix)\(pageBytes >> (10 * power))\(units[power])"
    }

    /// The size of a page of the resource, in bytes; nil when it is no huge page.
    package static func pageBytes(of resource: String) -> Int? {
        guard resource.hasPrefix(prefix) else { return nil }
        return Quantity(String(resource.dropFirst(prefix.count))).map(\.value).flatMap { $0 > 0 ? $0 : nil }
    }

    /// Whether an emptyDir of that medium is made of huge pages: `HugePages`, or `HugePages-2Mi` and other sizes.
    package static func isMedium(_ medium: String) -> Bool { medium == "HugePages" || pageBytes(ofMedium: medium) != nil }

    private static func pageBytes(ofMedium medium: String) -> Int? {
        medium.hasPrefix("HugePages-") ? pageBytes(of: prefix + medium.dropFirst("HugePages-".count)) : nil
    }

    /// What a volume of that medium is made of.
    ///
    /// - Returns: bytes of a page, and of all such pages that the pod may have.
    /// - Throws: when the pod asks for no page of that size, or of several and does not say which. Source: kubelet `getPageSizeMountOption`.
    package static func volume(medium: String, in spec: PodSpec) throws(PlanningError) -> (pageBytes: Int, limit: Int) {
        let wanted = pageBytes(ofMedium: medium)
        var limits: [Int: Int] = [:]
        for (name, amount) in spec.requests where amount > 0 {
            if let size = pageBytes(of: name), wanted == nil || wanted == size { limits[size] = amount }
        }
        guard let only = limits.first else { throw .hugePagesNotRequested(medium: medium) }
        guard limits.count == 1 else { throw .hugePagesAmbiguous }
        return (only.key, only.value)
    }
}
