import Foundation
import HomeFiles
import Locks
import RhizomeTesting
import Testing

@Suite struct FolderWatchTests {
    @Test("what is written, made, moved or taken away in a folder is told of, also once the folder was moved")
    func changes() async throws {
        try await withTemporaryFolder { temporary in
            let path = temporary.path("home")
            let folder = try HomeFolder.create(path)
            let calls = TaskCondition(0)
            let watch = try #require(FolderWatch(folder) { calls.change { $0 += 1 } })
            func told(by change: () throws -> Void) async throws {
                calls.withLock { $0 = 0 }
                try change()
                try #require(await calls.wait { $0 > 0 ? true : nil } == true)
            }
            let file = URL(filePath: path + "/list")
            try await told { try Data("one".utf8).write(to: file) }
            try await told {
                let handle = try FileHandle(forWritingTo: file)
                try handle.seekToEnd()
                try handle.write(contentsOf: Data("two".utf8))
                try handle.close()
            }
            let other = URL(filePath: temporary.path("other"))
            try Data("three".utf8).write(to: other)
            // In the place of the other one, in one step.
            try await told { #expect(unsafe rename(other.path, file.path) == 0) }
            try await told { #expect(unsafe rename(file.path, other.path) == 0) }
            #expect(unsafe rename(path, temporary.path("elsewhere")) == 0)
            try await told { try Data().write(to: URL(filePath: temporary.path("elsewhere/list"))) }
            try await told { try FileManager.default.removeItem(atPath: temporary.path("elsewhere/list")) }
            withExtendedLifetime(watch) {}
        }
    }
}
