import CommandSupport
import Foundation

/// A file that is read from its beginning, part by part, however large; - stands for standard input.
struct InputFile: Sendable {
    private static let partBytes = 1 << 20

    private let handle: FileHandle
    private let name: String

    init(_ name: String) throws {
        self.name = name
        guard name != "-" else {
            handle = .standardInput
            return
        }
        do {
            handle = try FileHandle(forReadingFrom: URL(filePath: UserPath.expanded(name)))
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile {
            throw CommandFailure("\(name) does not exist", codeName: "missing")
        } catch {
            throw CommandFailure("\(name) can't be read: \(error.localizedDescription)")
        }
    }

    /// What follows; `nil` at the end.
    func next() throws -> [UInt8]? {
        do {
            guard let data = try handle.read(upToCount: Self.partBytes), !data.isEmpty else { return nil }
            return [UInt8](data)
        } catch {
            throw CommandFailure("\(name) can't be read: \(error.localizedDescription)", .inputOutput)
        }
    }
}
