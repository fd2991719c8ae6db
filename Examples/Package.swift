// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that the main build pays nothing for it.
let package = Package(
    name: "rhizome-examples",
    dependencies: [.package(name: "rhizome", path: "..")],
    targets: [
        .executableTarget(
            name: "who-said-so",
            dependencies: [
                .product(name: "RhizomeCore", package: "rhizome"),
                .product(name: "RhizomeIdentity", package: "rhizome"),
                .product(name: "RhizomeStore", package: "rhizome"),
                .product(name: "RhizomeViews", package: "rhizome"),
            ]
        )
    ],
    swiftLanguageModes: [.v6]
)
