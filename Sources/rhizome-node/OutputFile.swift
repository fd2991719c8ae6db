import CommandSupport
import Foundation

/// A file that is written from its beginning, and has its name once it is whole.
final class OutputFile {
    private static let bufferBytes = 1 << 20

    private let name: String
    private let url: URL
    private let part: URL
    private let handle: FileHandle
    private var buffer = Data()
    private var isWhole = false

    init(_ name: String) throws {
        self.name = name
        url = URL(filePath: try UserPath.expanded(name))
        part = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).\(UUID().uuidString)")
        guard FileManager.default.createFile(atPath: part.path, contents: nil),
            let handle = try? FileHandle(forWritingTo: part)
        else {
            throw CommandFailure("\(name) can't be written; see whether its folder is there and yours", .cannotCreate)
        }
        self.handle = handle
    }

    deinit { if !isWhole { try? FileManager.default.removeItem(at: part) } }

    func write(_ bytes: [UInt8]) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    /// Writes the rest and gives the file its name.
    func finish() throws {
        try flush()
        do {
            try handle.synchronize()
            try handle.close()
            guard unsafe rename(part.path, url.path) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
            isWhole = true
        } catch {
            throw failure(error)
        }
    }

    private func flush() throws {
        do {
            try handle.write(contentsOf: buffer)
            buffer.removeAll(keepingCapacity: true)
        } catch {
            throw failure(error)
        }
    }

    private func failure(_ error: any Error) -> CommandFailure {
        CommandFailure("\(name) can't be written: \(error.localizedDescription)", .inputOutput)
    }
}
