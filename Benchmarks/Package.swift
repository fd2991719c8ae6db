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
    dependencies: [
        .package(name: "rhizome", path: ".."),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    ],
    targets: [
        // libsodium itself, against which the whole is measured.
        .systemLibrary(name: "BareSodium", providers: [.apt(["libsodium-dev"])]),
        .executableTarget(
            name: "rhizome-bench",
            dependencies: [
                "BareSodium",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "MeshSimulation", package: "rhizome"),
                .product(name: "PrometheusMetrics", package: "rhizome"),
                .product(name: "RhizomeCore", package: "rhizome"),
                .product(name: "RhizomeDatabase", package: "rhizome"),
                .product(name: "RhizomeHTTP", package: "rhizome"),
                .product(name: "RhizomeIdentity", package: "rhizome"),
                .product(name: "RhizomeNode", package: "rhizome"),
                .product(name: "RhizomePeering", package: "rhizome"),
                .product(name: "RhizomeQueries", package: "rhizome"),
                .product(name: "RhizomeStore", package: "rhizome"),
                .product(name: "RhizomeViews", package: "rhizome"),
                .product(name: "StrictJSON", package: "rhizome"),
            ],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
