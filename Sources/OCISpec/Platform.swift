/// What an image runs on, in the words of Go's `GOOS` and `GOARCH`. Source: OCI image spec, image-index.md.
package struct Platform: Codable, Hashable, Sendable, CustomStringConvertible {
    package var os: String
    package var architecture: String
    /// The CPU's level within the architecture: `v7` and `v8` of ARM, `v2` of amd64.
    package var variant: String?

    package init(os: String, architecture: String, variant: String? = nil) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
    }

    /// Of this machine.
    package static var current: Platform {
        #if arch(arm64)
            Platform(os: "linux", architecture: "arm64", variant: "v8")
        #else
            Platform(os: "linux", architecture: "amd64")
        #endif
    }

    package var description: String { ([os, architecture] + (variant.map { [$0] } ?? [])).joined(separator: "/") }

    /// With the names some builders write, and the variant that an architecture has when none is written.
    package var normalised: Platform {
        switch (architecture, variant ?? "") {
        case ("x86_64", _), ("x86-64", _): Platform(os: os, architecture: "amd64", variant: variant == "v1" ? nil : variant)
        case ("amd64", "v1"), ("amd64", ""): Platform(os: os, architecture: "amd64")
        case ("aarch64", _), ("arm64", ""), ("arm64", "8"): Platform(os: os, architecture: "arm64", variant: "v8")
        case ("arm", ""), ("arm", "7"): Platform(os: os, architecture: "arm", variant: "v7")
        default: self
        }
    }

    /// How well an image for `self` runs on `host`: higher is better, `nil` is not at all. A host runs its own variant,
    /// and the lower ones of its architecture.
    package func suitability(on host: Platform) -> Int? {
        let image = normalised
        let host = host.normalised
        guard image.os == host.os, image.architecture == host.architecture else { return nil }
        let level = image.level
        return level <= host.level ? level : nil
    }

    private var level: Int { Int((variant ?? "").drop { $0 == "v" }) ?? 0 }
}

extension ImageConfig {
    package var platform: Platform { Platform(os: os, architecture: architecture, variant: variant) }
}
