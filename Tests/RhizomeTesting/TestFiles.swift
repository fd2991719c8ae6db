public import Foundation

private struct VectorFile<Case: Decodable>: Decodable { let cases: [Case] }

/// Where the files lie that tests read.
public enum TestFiles {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// The root of the checkout.
    public static let root = tests.deletingLastPathComponent()

    /// The content of a file in `Tests`, by its path from there.
    public static func file(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: tests.appending(path: path)))
    }

    /// The content of `Tests/Vectors/NAME.json`.
    public static func vectors(_ name: String) throws -> [UInt8] { try file("Vectors/\(name).json") }

    /// The cases of `Tests/Vectors/NAME.json`, an object with an array `cases`.
    public static func cases<Case: Decodable>(_ name: String, as type: Case.Type = Case.self) throws -> [Case] {
        try JSONDecoder().decode(VectorFile<Case>.self, from: Data(try vectors(name))).cases
    }

    /// A public test list that is not part of the project: `RHIZOME_CONFORMANCE`, else `../shared/conformance` from the
    /// root.
    ///
    /// `nil`, with a printed line, where it is absent.
    public static func conformance(_ name: String) throws -> [UInt8]? {
        let folder =
            ProcessInfo.processInfo.environment["RHIZOME_CONFORMANCE"].map { URL(filePath: $0) }
            ?? root.appending(path: "../shared/conformance")
        let file = folder.appending(path: "\(name).json")
        guard FileManager.default.fileExists(atPath: file.path) else {
            print("skipped: no \(name).json in \(folder.standardized.path) (set RHIZOME_CONFORMANCE)")
            return nil
        }
        return Array(try Data(contentsOf: file))
    }
}

/// A folder of its own for one test, mode 0700; `remove()` takes it away.
public struct TemporaryFolder: Sendable {
    /// Its path, without a trailing slash.
    public let path: String

    /// Makes a new one under the system's temporary folder.
    public init() throws {
        path = NSTemporaryDirectory() + "rhizome-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
    }

    /// The path of something in it.
    public func path(_ name: String) -> String { path + "/" + name }

    /// Takes it away with all it holds.
    public func remove() { try? FileManager.default.removeItem(atPath: path) }
}

/// Lends a temporary folder to a test and takes it away afterwards.
public func withTemporaryFolder<Result>(_ body: (TemporaryFolder) async throws -> Result) async throws -> Result {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    return try await body(folder)
}
