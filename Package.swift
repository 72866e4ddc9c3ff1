// swift-tools-version: 6.2
import PackageDescription

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// `berth-pod` lives as long as a pod: Embedded Swift, whole-module, nothing at run time beyond a static libc.
let embedded: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableExperimentalFeature("Embedded"),
    .unsafeFlags(["-wmo", "-Osize", "-parse-as-library"]),
]

func product(_ name: String, _ package: String) -> Target.Dependency { .product(name: name, package: package) }

let log = product("Logging", "swift-log")
let nio = product("NIOCore", "swift-nio")
let posix = product("NIOPosix", "swift-nio")
let tls = product("NIOSSL", "swift-nio-ssl")
let grdb = product("GRDB", "GRDB.swift")
let http = product("AsyncHTTPClient", "async-http-client")
let hummingbird = product("Hummingbird", "hummingbird")
let crypto = product("Crypto", "swift-crypto")
let x509 = product("X509", "swift-certificates")
let yams = product("Yams", "Yams")
let arguments = product("ArgumentParser", "swift-argument-parser")
let lifecycle = product("ServiceLifecycle", "swift-service-lifecycle")
let signals = product("UnixSignals", "swift-service-lifecycle")

// Arrows go down this list only; siblings of one layer do not import each other (docs/architecture.md).
let package = Package(
    name: "berth",
    products: [
        .executable(name: "berthd", targets: ["berthd"]),
        .executable(name: "berthctl", targets: ["berthctl"]),
        .executable(name: "berth-pod", targets: ["berth-pod"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Executables: read flags, build the graph, run it.
        .executableTarget(
            name: "berthd",
            dependencies: [
                "NodeAgent", "NodeServer", "ControlPlane", "ContainerRuntime", "Images", "Volumes", "Networking", "Ledger",
                "KubeClient", "HTTPServing", "Sealing", "PodPlanning", "LinuxSystem", "OCISpec", "KubeAPI", "SandboxPlan",
                log, arguments, lifecycle, signals, posix, hummingbird, product("HTTPTypes", "swift-http-types"),
            ],
            swiftSettings: house,
            linkerSettings: [
                // Relocations in their packed form, and no table of exports: 7 MiB less that stay resident for as long as the daemon runs.
                // The code that is run lies together: 11 MiB less. What the file names and the program lacks does no harm (scripts/order).
                .unsafeFlags(
                    [
                        "-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs", "-Xlinker", "--no-export-dynamic",
                        "-Xlinker", "--symbol-ordering-file=\(Context.packageDirectory)/scripts/berthd.order", "-Xlinker", "--no-warn-symbol-ordering",
                    ], .when(configuration: .release))
            ]),
        .executableTarget(
            name: "berthctl",
            dependencies: [
                "NodeAgent", "Ledger", "PodPlanning", "LinuxSystem", "KubeAPI", "SandboxPlan", log, arguments, http, nio, posix,
                product("NIOWebSocket", "swift-nio"), product("NIOHTTP1", "swift-nio"),
            ],
            swiftSettings: house),
        .executableTarget(
            name: "berth-pod", dependencies: ["CPodLaunch", "CSandboxPlan"],
            swiftSettings: embedded,
            linkerSettings: [
                .unsafeFlags([
                    "-Xclang-linker", "-static", "-Xclang-linker", "-nostdlib++",
                    // SwiftPM asks for -pie, which a static program is not.
                    "-Xclang-linker", "-Wno-unused-command-line-argument",
                ]),
                .linkedLibrary("m"),
            ]),

        .executableTarget(
            name: "berth-bench",
            dependencies: ["ContainerRuntime", "KubeClient", "PodPlanning", "LinuxSystem", "OCISpec", "KubeAPI", "SandboxPlan", log, arguments],
            swiftSettings: house),

        // Loops, actors and the HTTP faces.
        .target(
            name: "NodeAgent",
            dependencies: [
                "ContainerRuntime", "Images", "Volumes", "Networking", "Ledger", "KubeClient", "PodPlanning", "LinuxSystem",
                "OCISpec", "KubeAPI", "SandboxPlan", log, http, nio, posix, tls, product("NIOHTTP1", "swift-nio"),
                product("NIOHTTP2", "swift-nio-http2"), product("NIOHPACK", "swift-nio-http2"),
            ],
            swiftSettings: house),
        .target(
            name: "NodeServer",
            dependencies: [
                "HTTPServing", "LinuxSystem", "KubeAPI", "CZlib", log, lifecycle, nio, posix, hummingbird, crypto,
                product("NIOWebSocket", "swift-nio"), product("NIOHTTP1", "swift-nio"), product("HTTPTypes", "swift-http-types"), tls,
            ],
            swiftSettings: house),
        .target(
            name: "ControlPlane",
            dependencies: [
                "HTTPServing", "PodPlanning", "Sealing", "LinuxSystem", "KubeAPI", log, nio, hummingbird, grdb, yams, crypto, lifecycle,
                product("NIOHTTP1", "swift-nio"), product("HTTPTypes", "swift-http-types"), tls,
            ],
            swiftSettings: house),

        // One subsystem each, unaware of the others.
        .target(
            name: "ContainerRuntime", dependencies: ["PodPlanning", "LinuxSystem", "KubeAPI", "SandboxPlan", "CSandboxPlan", log],
            swiftSettings: house),
        .target(
            name: "Images",
            dependencies: [
                "LinuxSystem", "OCISpec", "KubeAPI", "CArchive", "CLinux", crypto, http, nio, posix, tls, log,
                product("NIOHTTP1", "swift-nio"),
            ],
            swiftSettings: house),
        .target(name: "Volumes", dependencies: ["LinuxSystem", "PodPlanning", "KubeAPI", "SandboxPlan", "CLinux", log], swiftSettings: house),
        .target(name: "Networking", dependencies: ["LinuxSystem", "KubeAPI", "CLinux", nio, posix, log], swiftSettings: house),
        .target(name: "Ledger", dependencies: ["Sealing", "LinuxSystem", "KubeAPI", "SandboxPlan", grdb, crypto, log], swiftSettings: house),
        .target(
            name: "KubeClient",
            dependencies: ["LinuxSystem", "KubeAPI", http, nio, posix, tls, yams, log, product("NIOHTTP1", "swift-nio")],
            swiftSettings: house),
        .target(
            name: "HTTPServing",
            dependencies: [
                "LinuxSystem", "KubeAPI", hummingbird, nio, posix, tls, crypto, x509, log, lifecycle, product("NIOHTTP1", "swift-nio"),
                product("NIOWebSocket", "swift-nio"), product("HTTPTypes", "swift-http-types"), product("SwiftASN1", "swift-asn1"),
                product("NIOHTTPTypes", "swift-nio-extras"), product("NIOTLS", "swift-nio"),
                product("NIOHTTPTypesHTTP1", "swift-nio-extras"),
            ],
            swiftSettings: house),

        // Encryption at rest.
        .target(name: "Sealing", dependencies: ["LinuxSystem", "KubeAPI", crypto], swiftSettings: house),

        // Pure: specs in, plans out.
        .target(
            name: "PodPlanning", dependencies: ["LinuxSystem", "KubeAPI", "OCISpec", "SandboxPlan", "CLinux", "CSeccomp", "CCap"],
            swiftSettings: house),

        // System calls with typed errors.
        .target(name: "LinuxSystem", dependencies: ["CLinux"], swiftSettings: house),

        // Vocabulary: values, no I/O.
        .target(name: "OCISpec", swiftSettings: house),
        .target(name: "KubeAPI", swiftSettings: house),
        .target(name: "SandboxPlan", dependencies: ["CSandboxPlan"], swiftSettings: house),

        // C headers and shims.
        .target(name: "CLinux"),
        .target(name: "CSandboxPlan"),
        .target(name: "CPodLaunch", dependencies: ["CSandboxPlan"]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(name: "CCap", pkgConfig: "libcap", providers: [.apt(["libcap-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),

        .testTarget(
            name: "HTTPServingTests",
            dependencies: ["HTTPServing", "LinuxSystem", nio, posix, tls, http, log, hummingbird, product("NIOHTTP1", "swift-nio"), product("NIOEmbedded", "swift-nio"), product("HTTPTypes", "swift-http-types"), product("NIOHTTPTypesHTTP1", "swift-nio-extras")],
            swiftSettings: house),
        .testTarget(
            name: "NodeServerTests",
            dependencies: ["NodeServer", "HTTPServing", "KubeAPI", nio, posix, tls, http, log, hummingbird, product("HTTPTypes", "swift-http-types")],
            swiftSettings: house),
        .testTarget(name: "LinuxSystemTests", dependencies: ["LinuxSystem"], swiftSettings: house),
        .testTarget(
            name: "NetworkingTests", dependencies: ["Networking", "LinuxSystem", "KubeAPI", log, nio, posix], swiftSettings: house),
        .testTarget(
            name: "NetworkingKernelTests", dependencies: ["Networking", "LinuxSystem", "KubeAPI", log, nio, posix], swiftSettings: house),
        .testTarget(name: "ControlPlaneControllersTests", dependencies: ["ControlPlane", "Sealing", "KubeAPI", log], swiftSettings: house),
        .testTarget(name: "KubeClientTests", dependencies: ["KubeClient", "KubeAPI"], swiftSettings: house),
        .testTarget(
            name: "NodeAgentTests",
            dependencies: [
                "NodeAgent", "Ledger", "KubeClient", "PodPlanning", "LinuxSystem", "KubeAPI", log, nio, posix, product("NIOHTTP1", "swift-nio"),
                product("NIOHTTP2", "swift-nio-http2"), product("NIOHPACK", "swift-nio-http2"),
            ], swiftSettings: house),
        .testTarget(name: "ProvisionerTests", dependencies: ["NodeAgent", "Ledger", "Volumes", "KubeAPI"], swiftSettings: house),
        .testTarget(name: "LedgerTests", dependencies: ["Ledger", "LinuxSystem", "KubeAPI", grdb, log], swiftSettings: house),
        .testTarget(name: "VolumesTests", dependencies: ["Volumes", "PodPlanning", "LinuxSystem", "KubeAPI"], swiftSettings: house),
        .testTarget(name: "VolumesKernelTests", dependencies: ["Volumes", "PodPlanning", "LinuxSystem", "KubeAPI"], swiftSettings: house),
        .testTarget(name: "ImagesTests", dependencies: ["Images", "OCISpec"], swiftSettings: house),
        .testTarget(
            name: "ImagesKernelTests", dependencies: ["Images", "OCISpec", "CLinux", "LinuxSystem", log, crypto, nio, hummingbird, product("HTTPTypes", "swift-http-types")], swiftSettings: house),
        .testTarget(
            name: "ControlPlaneTests",
            dependencies: [
                "ControlPlane", "HTTPServing", "Sealing", "KubeAPI", log, nio, posix, hummingbird, grdb, product("HTTPTypes", "swift-http-types"),
            ],
            swiftSettings: house),
        .testTarget(name: "BerthctlTests", dependencies: ["berthctl", arguments], swiftSettings: house),
        .testTarget(name: "KubeAPITests", dependencies: ["KubeAPI"], swiftSettings: house),
        .testTarget(name: "PodPlanningTests", dependencies: ["PodPlanning", "KubeAPI", "OCISpec", "SandboxPlan"], swiftSettings: house),
        .testTarget(name: "SandboxPlanTests", dependencies: ["SandboxPlan", "CSandboxPlan"], swiftSettings: house),
        .testTarget(
            name: "ContainerRuntimeKernelTests",
            dependencies: ["ContainerRuntime", "PodPlanning", "LinuxSystem", "KubeAPI", "SandboxPlan", log], swiftSettings: house),
        .testTarget(name: "NodeTests", dependencies: ["ControlPlane", "LinuxSystem", "KubeAPI"], swiftSettings: house),
    ]
)
