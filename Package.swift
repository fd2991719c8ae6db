// swift-tools-version: 6.2
import PackageDescription

/// The strictest settings that the toolchain knows; every target of ours has them but the examples.
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

/// What a program outside of this package has: no upcoming features, and only what is public.
let example: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// Names of the test targets to build, with commas between them, so that work on one part compiles and links no other.
let chosenTests = Context.environment["RHIZOME_TESTS"].map { Set($0.split(separator: ",").map(String.init)) }

let package = Package(
    name: "rhizome",
    products: [
        .library(name: "Bytes", targets: ["Bytes"]),
        .library(name: "PrometheusMetrics", targets: ["PrometheusMetrics"]),
        .library(name: "RhizomeCollections", targets: ["RhizomeCollections"]),
        .library(name: "RhizomeCore", targets: ["RhizomeCore"]),
        .library(name: "RhizomeDatabase", targets: ["RhizomeDatabase"]),
        .library(name: "RhizomeHTTP", targets: ["RhizomeHTTP"]),
        .library(name: "RhizomeHosting", targets: ["RhizomeHosting"]),
        .library(name: "RhizomeIdentity", targets: ["RhizomeIdentity"]),
        .library(name: "RhizomeNode", targets: ["RhizomeNode"]),
        .library(name: "MeshSimulation", targets: ["MeshSimulation"]),
        .library(name: "RhizomePeering", targets: ["RhizomePeering"]),
        .library(name: "RhizomeProof", targets: ["RhizomeProof"]),
        .library(name: "RhizomeQueries", targets: ["RhizomeQueries"]),
        .library(name: "RhizomeStore", targets: ["RhizomeStore"]),
        .library(name: "RhizomeViews", targets: ["RhizomeViews"]),
        .library(name: "StrictJSON", targets: ["StrictJSON"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ],
    targets: [
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .target(name: "Bytes", swiftSettings: strict),
        .target(
            name: "Locks",
            dependencies: [.product(name: "DequeModule", package: "swift-collections")],
            swiftSettings: strict
        ),
        .target(name: "Sodium", dependencies: ["Bytes", "CSodium"], swiftSettings: strict),
        .target(name: "ProcessLimits", swiftSettings: strict),
        .target(
            name: "ZeroMQ",
            dependencies: [
                "Bytes", "CZeroMQ", "Locks", "ProcessLimits",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: strict
        ),
        .target(name: "DeterministicCBOR", dependencies: ["Bytes"], swiftSettings: strict),
        .target(
            name: "PrometheusMetrics",
            dependencies: ["Locks", .product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: strict
        ),
        .target(name: "StrictJSON", dependencies: ["Bytes"], swiftSettings: strict),
        .target(name: "IRegexp", dependencies: ["Bytes"], swiftSettings: strict),
        .target(
            name: "SignedStatements",
            dependencies: ["Bytes", "DeterministicCBOR", "Sodium"],
            swiftSettings: strict
        ),
        .target(
            name: "RhizomeCore",
            dependencies: ["Bytes", "DeterministicCBOR", "SignedStatements", "Sodium"],
            swiftSettings: strict
        ),
        .target(
            name: "RhizomeViews",
            dependencies: [
                "Bytes", "CMalloc", "IRegexp", "Locks", "RhizomeCore", "RhizomeIdentity", "SignedStatements",
                "StrictJSON",
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "RhizomeQueries",
            dependencies: [
                "Bytes", "DeterministicCBOR", "Locks", "RhizomeCore", "RhizomeIdentity", "RhizomeViews",
                "SignedStatements", "StrictJSON",
            ],
            swiftSettings: strict
        ),
        .target(
            name: "RhizomeHTTP",
            dependencies: [
                "Bytes", "HomeFiles", "Locks", "ProcessLimits", "PrometheusMetrics", "RhizomeCore", "RhizomeDatabase",
                "RhizomeIdentity", "RhizomeProof", "RhizomeQueries", "RhizomeViews", "SignedStatements", "Sodium",
                "StrictJSON",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "rhizome-node",
            dependencies: [
                "Bytes", "CommandSupport", "HomeFiles", "Locks", "PrometheusMetrics", "RhizomeCore", "RhizomeDatabase",
                "RhizomeHTTP", "RhizomeHosting", "RhizomeIdentity", "RhizomeNode", "RhizomePeering", "RhizomeProof",
                "RhizomeQueries",
                "RhizomeStore", "RhizomeViews", "SignedStatements", "StrictJSON",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "RhizomeTesting",
            dependencies: [
                "Bytes", "Locks", "RhizomeCore", "SignedStatements", "Sodium",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            path: "Tests/RhizomeTesting",
            swiftSettings: strict
        ),
        .target(name: "HomeFiles", dependencies: ["Bytes", "Sodium"], swiftSettings: strict),
        .target(
            name: "RhizomeIdentity",
            dependencies: ["Bytes", "DeterministicCBOR", "HomeFiles", "SignedStatements", "Sodium"],
            swiftSettings: strict
        ),
        .target(
            name: "RhizomeStore",
            dependencies: [
                "Bytes", "DeterministicCBOR", "HomeFiles", "Locks", "RhizomeCore", "SignedStatements", "Sodium",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "RhizomeDatabase",
            dependencies: [
                "Bytes", "Locks", "PrometheusMetrics", "RhizomeCore", "RhizomeIdentity", "RhizomeQueries",
                "RhizomeViews",
                "SignedStatements", "Sodium", "StrictJSON",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "RhizomePeering",
            dependencies: [
                "Bytes", "DeterministicCBOR", "Locks", "ProcessLimits", "PrometheusMetrics", "RhizomeCore",
                "RhizomeDatabase", "RhizomeIdentity", "SignedStatements", "Sodium", "ZeroMQ",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "RhizomeNode",
            dependencies: [
                "Locks", "ProcessLimits", "PrometheusMetrics", "RhizomeCore", "RhizomeDatabase", "RhizomeIdentity",
                "RhizomePeering", "SignedStatements", "Sodium",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "RhizomeCollections",
            dependencies: ["Bytes", "RhizomeCore", "RhizomeDatabase", "RhizomeViews", "StrictJSON"],
            swiftSettings: strict
        ),
        .target(
            name: "RhizomeProof",
            dependencies: [
                "Bytes", "DeterministicCBOR", "Locks", "RhizomeCore", "RhizomeViews", "SignedStatements", "StrictJSON",
            ],
            swiftSettings: strict
        ),
        .target(
            name: "RhizomeHosting",
            dependencies: [
                "Bytes", "RhizomeCore", "RhizomeDatabase", "RhizomeIdentity", "RhizomeNode", "RhizomePeering",
                "RhizomeStore",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "CommandSupport",
            dependencies: [
                "Bytes", "HomeFiles", "Locks", "RhizomeCore", "RhizomeIdentity", "Sodium", "StrictJSON",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "rhizome-keys",
            dependencies: [
                "Bytes", "CommandSupport", "HomeFiles", "RhizomeCore", "RhizomeIdentity", "RhizomePeering",
                "RhizomeStore", "RhizomeViews", "SignedStatements", "Sodium", "StrictJSON",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "users",
            dependencies: [
                "RhizomeCollections", "RhizomeHosting", "RhizomeIdentity", "RhizomeNode", "RhizomePeering",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Examples/users",
            packageAccess: false,
            swiftSettings: example
        ),
        .executableTarget(
            name: "who-said-so",
            dependencies: ["Bytes", "RhizomeCore", "RhizomeIdentity", "RhizomeStore", "RhizomeViews"],
            path: "Examples/who-said-so",
            packageAccess: false,
            swiftSettings: example
        ),
        .testTarget(name: "BytesTests", dependencies: ["Bytes", "RhizomeTesting"], swiftSettings: strict),
        .testTarget(name: "LocksTests", dependencies: ["Locks"], swiftSettings: strict),
        .executableTarget(
            name: "zeromq-probe",
            dependencies: ["Bytes", "CZeroMQ", "Sodium", "ZeroMQ"],
            path: "Tests/ZeroMQProbe",
            swiftSettings: strict
        ),
        .testTarget(
            name: "ZeroMQTests",
            dependencies: [
                "Bytes", "CZeroMQ", "Locks", "ProcessLimits", "RhizomeTesting", "Sodium", "ZeroMQ", "zeromq-probe",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "HomeFilesTests",
            dependencies: ["HomeFiles", "RhizomeTesting", "Sodium"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CommandSupportTests",
            dependencies: ["CommandSupport", "RhizomeTesting"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RhizomeKeysTests",
            dependencies: [
                "Bytes", "RhizomeIdentity", "RhizomeTesting", "SignedStatements", "StrictJSON", "rhizome-keys",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RhizomeIdentityTests",
            dependencies: [
                "Bytes", "DeterministicCBOR", "HomeFiles", "RhizomeIdentity", "RhizomeTesting", "SignedStatements",
                "Sodium",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RhizomeCoreTests",
            dependencies: ["Bytes", "RhizomeCore", "RhizomeTesting", "SignedStatements", "Sodium"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DeterministicCBORTests",
            dependencies: ["Bytes", "DeterministicCBOR", "StrictJSON", "RhizomeTesting"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RhizomeViewsTests",
            dependencies: [
                "Bytes", "Locks", "RhizomeCore", "RhizomeIdentity", "RhizomeTesting", "RhizomeViews",
                "SignedStatements",
                "StrictJSON",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RhizomeQueriesTests",
            dependencies: [
                "Bytes", "RhizomeCore", "RhizomeQueries", "RhizomeTesting", "RhizomeViews", "StrictJSON",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RhizomeProofTests",
            dependencies: [
                "Bytes", "RhizomeCore", "RhizomeProof", "RhizomeTesting", "RhizomeViews", "SignedStatements",
                "StrictJSON",
            ],
            swiftSettings: strict
        ),
        .target(
            name: "DatabaseTesting",
            dependencies: [
                "Bytes", "Locks", "PrometheusMetrics", "RhizomeCore", "RhizomeDatabase", "RhizomeTesting",
                "SignedStatements",
                "Sodium",
            ],
            path: "Tests/DatabaseTesting",
            swiftSettings: strict
        ),
        .testTarget(
            name: "RhizomeDatabaseTests",
            dependencies: [
                "Bytes", "DatabaseTesting", "HomeFiles", "Locks", "PrometheusMetrics", "RhizomeCore", "RhizomeDatabase",
                "RhizomeIdentity", "RhizomeQueries", "RhizomeTesting", "RhizomeViews", "SignedStatements", "Sodium",
                "StrictJSON",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "MeshSimulation",
            dependencies: ["Bytes", "RhizomeCore", "RhizomePeering", "SignedStatements"],
            path: "Tests/MeshSimulation",
            swiftSettings: strict
        ),
        .testTarget(
            name: "RhizomePeeringTests",
            dependencies: [
                "Bytes", "DatabaseTesting", "DeterministicCBOR", "Locks", "MeshSimulation", "RhizomeCore",
                "RhizomeDatabase",
                "RhizomeIdentity", "RhizomePeering", "RhizomeTesting", "SignedStatements", "Sodium", "StrictJSON",
                "ZeroMQ",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RhizomeNodeTests",
            dependencies: [
                "Bytes", "DatabaseTesting", "DeterministicCBOR", "HomeFiles", "Locks", "PrometheusMetrics",
                "RhizomeCore", "RhizomeDatabase", "RhizomeIdentity", "RhizomeNode", "RhizomePeering", "RhizomeTesting",
                "RhizomeViews", "SignedStatements", "Sodium", "StrictJSON", "ZeroMQ", "rhizome-keys", "rhizome-node",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "store-writer",
            dependencies: ["Bytes", "RhizomeCore", "RhizomeStore", "RhizomeTesting", "SignedStatements", "Sodium"],
            path: "Tests/StoreWriter",
            swiftSettings: strict
        ),
        .testTarget(
            name: "RhizomeStoreTests",
            dependencies: [
                "Bytes", "HomeFiles", "Locks", "RhizomeCore", "RhizomeStore", "RhizomeTesting", "RhizomeViews",
                "SignedStatements", "StrictJSON", "store-writer",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RhizomeHTTPTests",
            dependencies: [
                "Bytes", "DatabaseTesting", "HomeFiles", "Locks", "PrometheusMetrics", "RhizomeCore", "RhizomeDatabase",
                "RhizomeHTTP", "RhizomeIdentity", "RhizomeNode", "RhizomeProof", "RhizomeQueries", "RhizomeTesting",
                "RhizomeViews",
                "SignedStatements", "Sodium", "StrictJSON",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RhizomeCollectionsTests",
            dependencies: [
                "Bytes", "RhizomeCollections", "RhizomeCore", "RhizomeDatabase", "RhizomeHosting", "RhizomeIdentity",
                "RhizomeNode", "RhizomePeering", "RhizomeTesting", "RhizomeViews", "SignedStatements", "StrictJSON",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "NodeCommandTests",
            dependencies: [
                "Bytes", "Locks", "RhizomeIdentity", "RhizomeTesting", "SignedStatements", "rhizome-keys",
                "rhizome-node",
                "users", "who-said-so",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PrometheusMetricsTests",
            dependencies: ["PrometheusMetrics", .product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SignedStatementsTests",
            dependencies: ["Bytes", "DeterministicCBOR", "RhizomeTesting", "SignedStatements", "Sodium"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "FailCaseTests",
            dependencies: [
                "Bytes", "DeterministicCBOR", "RhizomeCore", "RhizomeHTTP", "RhizomeIdentity", "RhizomePeering",
                "RhizomeProof", "RhizomeTesting", "RhizomeViews", "SignedStatements", "Sodium", "StrictJSON", "ZeroMQ",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "IRegexpTests",
            dependencies: ["Bytes", "IRegexp", "RhizomeTesting"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "StrictJSONTests",
            dependencies: ["Bytes", "RhizomeTesting", "StrictJSON"],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)

if let chosenTests {
    package.targets.removeAll { $0.type == .test && !chosenTests.contains($0.name) }
}
