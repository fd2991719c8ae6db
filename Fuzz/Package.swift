// swift-tools-version: 6.2
import PackageDescription

/// As in the main package.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
]

/// A room of the main package, built here by the link `Rhizome` with the fuzzer's instrumentation; `sources` leaves
/// out what needs the network's libraries.
func room(_ name: String, _ dependencies: [Target.Dependency], sources: [String]? = nil) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        path: "Rhizome/\(name)",
        sources: sources,
        swiftSettings: strict
    )
}

// A package of its own, so that the main build pays nothing for it. scripts/fuzz builds it with the sanitizers.
let package = Package(
    name: "rhizome-fuzz",
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections.git", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    ],
    targets: [
        .systemLibrary(name: "CMalloc", path: "Rhizome/CMalloc"),
        .systemLibrary(name: "CSodium", path: "Rhizome/CSodium"),
        .systemLibrary(name: "CZeroMQ", path: "Rhizome/CZeroMQ"),
        room("Bytes", []),
        room("Locks", [.product(name: "DequeModule", package: "swift-collections")]),
        room("Sodium", ["Bytes", "CSodium"]),
        room("ProcessLimits", []),
        room(
            "ZeroMQ",
            [
                "Bytes", "CZeroMQ", "Locks", "ProcessLimits",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ]
        ),
        room("DeterministicCBOR", ["Bytes"]),
        room("StrictJSON", ["Bytes"]),
        room("IRegexp", ["Bytes"]),
        room("SignedStatements", ["Bytes", "DeterministicCBOR", "Sodium"]),
        room("HomeFiles", ["Sodium"]),
        room("RhizomeIdentity", ["Bytes", "DeterministicCBOR", "HomeFiles", "SignedStatements", "Sodium"]),
        room("RhizomeCore", ["Bytes", "DeterministicCBOR", "SignedStatements", "Sodium"]),
        room(
            "RhizomeViews",
            [
                "Bytes", "CMalloc", "IRegexp", "Locks", "RhizomeCore", "RhizomeIdentity", "SignedStatements",
                "StrictJSON",
                .product(name: "HeapModule", package: "swift-collections"),
            ]
        ),
        room(
            "RhizomeProof",
            ["Bytes", "DeterministicCBOR", "Locks", "RhizomeCore", "RhizomeViews", "SignedStatements", "StrictJSON"]
        ),
        room(
            "RhizomePeering",
            [
                "Bytes", "DeterministicCBOR", "RhizomeCore", "RhizomeIdentity", "SignedStatements", "Sodium", "ZeroMQ",
            ],
            sources: ["LocalNetwork/LocalKeys.swift", "LocalNetwork/LocalPacket.swift", "Messages"]
        ),
        room(
            "RhizomeHTTP",
            [
                "Bytes", "RhizomeCore", "RhizomeViews", "SignedStatements", "StrictJSON",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            sources: [
                "Answers/APIError.swift", "Requests/PageCursor.swift", "Requests/PercentEncoding.swift",
                "Requests/RequestTarget.swift",
            ]
        ),
        .executableTarget(
            name: "rhizome-fuzz",
            dependencies: [
                "Bytes", "DeterministicCBOR", "RhizomeCore", "RhizomeHTTP", "RhizomeIdentity", "RhizomePeering",
                "RhizomeProof", "RhizomeViews", "SignedStatements", "Sodium", "StrictJSON", "ZeroMQ",
            ],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
