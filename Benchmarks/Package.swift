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

// A package of its own, so that the main build pays nothing for it.
let package = Package(
    name: "rhizome-benchmarks",
    dependencies: [.package(name: "rhizome", path: "..")],
    targets: [
        .executableTarget(
            name: "rhizome-bench",
            dependencies: [
                .product(name: "RhizomeCore", package: "rhizome"),
                .product(name: "RhizomeIdentity", package: "rhizome"),
                .product(name: "RhizomeStore", package: "rhizome"),
            ],
            swiftSettings: strict
        )
    ],
    swiftLanguageModes: [.v6]
)
