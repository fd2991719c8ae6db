import Foundation
import HomeFiles
import RhizomeTesting
import Sodium
import Testing

@Suite struct HomeFolderTests {
    private func code(_ body: () throws -> Void) -> FileError.Code? {
        do {
            try body()
            return nil
        } catch { return (error as? FileError)?.code }
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func names(_ folder: TemporaryFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test("a file is made once, with mode 0600, and never overwritten or made through a link")
    func creation() async throws {
        try await withTemporaryFolder { temporary in
            let folder = try HomeFolder.open(temporary.path)
            try folder.create("a", Array("one".utf8))
            #expect(try mode(temporary.path("a")) == 0o600)
            #expect(code { try folder.create("a", Array("two".utf8)) } == .exists)
            #expect(try folder.contents("a", limit: 10) == Array("one".utf8))
            try FileManager.default.createSymbolicLink(atPath: temporary.path("b"), withDestinationPath: "target")
            #expect(code { try folder.create("b", Array("two".utf8)) } == .exists)
            #expect(try names(temporary) == ["a", "b"])
        }
    }

    @Test("a secret comes back from the file into locked memory as it was")
    func secrets() async throws {
        try await withTemporaryFolder { temporary in
            let folder = try HomeFolder.open(temporary.path)
            let secret = try SecretBytes.random(count: 300)
            try folder.create("s", secret)
            #expect(try folder.open("s", as: .secret, limit: 1000).secret().isEqual(to: secret))
            #expect(code { _ = try folder.open("s", as: .secret, limit: 299) } == .tooLarge)
        }
    }

    @Test("a replaced file is the new one, and what was there leads nowhere else")
    func replacing() async throws {
        try await withTemporaryFolder { temporary in
            let folder = try HomeFolder.open(temporary.path)
            try folder.replace("a", [1])
            try folder.replace("a", [2, 3])
            #expect(try folder.contents("a", limit: 10) == [2, 3])
            try folder.create("target", [9])
            try FileManager.default.createSymbolicLink(atPath: temporary.path("l"), withDestinationPath: "target")
            try folder.replace("l", [4])
            #expect(try folder.contents("target", limit: 10) == [9])
            #expect(try folder.contents("l", limit: 10) == [4])
            #expect(try names(temporary) == ["a", "l", "target"])
        }
    }

    @Test("appending adds at the end, makes the file where it is missing, and follows no link")
    func appending() async throws {
        try await withTemporaryFolder { temporary in
            let folder = try HomeFolder.open(temporary.path)
            try folder.append("j", [1, 2])
            let before = folder.version(of: "j")
            try folder.append("j", [3])
            #expect(folder.version(of: "j") != before)
            #expect(try folder.contents("j", limit: 10) == [1, 2, 3])
            #expect(try mode(temporary.path("j")) == 0o600)
            try folder.truncate("j", to: 1)
            #expect(try folder.contents("j", limit: 10) == [1])
            try FileManager.default.createSymbolicLink(atPath: temporary.path("l"), withDestinationPath: "j")
            #expect(code { try folder.append("l", [4]) } == .symbolicLink)
            #expect(code { try folder.truncate("l", to: 0) } == .symbolicLink)
            #expect(code { _ = try folder.contents("l", limit: 10) } == .symbolicLink)
        }
    }

    @Test("a secret is refused where it is a link, no plain file, or others can reach it")
    func refusals() async throws {
        try await withTemporaryFolder { temporary in
            let folder = try HomeFolder.open(temporary.path)
            func open(_ name: String) -> FileError.Code? { code { _ = try folder.open(name, as: .secret, limit: 100) } }
            #expect(open("missing") == .missing)
            try folder.create("good", [1])
            #expect(open("good") == nil)
            try FileManager.default.createSymbolicLink(atPath: temporary.path("link"), withDestinationPath: "good")
            #expect(open("link") == .symbolicLink)
            try FileManager.default.createDirectory(
                atPath: temporary.path("folder"),
                withIntermediateDirectories: false
            )
            #expect(open("folder") == .wrongKind)
            try temporary.makePipe("fifo")
            #expect(open("fifo") == .wrongKind)
            for mode in [0o644, 0o640, 0o620, 0o601] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: temporary.path("good"))
                #expect(open("good") == .tooOpen, "\(String(mode, radix: 8))")
            }
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: temporary.path("good"))
            try FileManager.default.linkItem(atPath: temporary.path("good"), toPath: temporary.path("second"))
            #expect(open("good") == .severalNames)
            try folder.remove("second")
            #expect(open("good") == nil)
            if try temporary.giveAway("good", toUser: 12345) { #expect(open("good") == .foreignOwner) }
        }
    }

    @Test("what a library opens by its path is checked as what is opened here, and known again by its path")
    func inspection() async throws {
        try await withTemporaryFolder { temporary in
            let folder = try HomeFolder.open(temporary.path)
            func inspect(_ name: String) -> FileError.Code? { code { _ = try folder.inspect(name, as: .secret) } }
            #expect(try folder.inspect("missing", as: .secret) == nil)
            try folder.create("good", [1])
            let good = try #require(try folder.inspect("good", as: .secret))
            try folder.append("good", [2])
            #expect(folder.leads(to: good, "good"))
            try FileManager.default.createSymbolicLink(atPath: temporary.path("link"), withDestinationPath: "good")
            #expect(inspect("link") == .symbolicLink)
            #expect(!folder.leads(to: good, "link"))
            try temporary.makePipe("fifo")
            #expect(inspect("fifo") == .wrongKind)
            try temporary.setMode(0o640, of: "good")
            #expect(inspect("good") == .tooOpen)
            try temporary.setMode(0o600, of: "good")
            try FileManager.default.linkItem(atPath: temporary.path("good"), toPath: temporary.path("second"))
            #expect(inspect("good") == .severalNames)
            try folder.remove("second")
            try folder.replace("good", [1])
            #expect(!folder.leads(to: good, "good"))
            if try temporary.giveAway("good", toUser: 12345) { #expect(inspect("good") == .foreignOwner) }
        }
    }

    @Test("a folder that others may enter is refused, unless it is empty and becomes ours alone")
    func folders() async throws {
        try await withTemporaryFolder { temporary in
            let path = temporary.path("home")
            #expect(code { _ = try HomeFolder.open(path) } == .missing)
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o755]
            )
            #expect(code { _ = try HomeFolder.open(path) } == .tooOpen)
            let folder = try HomeFolder.create(path)
            #expect(try mode(path) == 0o700)
            try folder.create("a", [1])
            try FileManager.default.setAttributes([.posixPermissions: 0o750], ofItemAtPath: path)
            #expect(code { _ = try HomeFolder.create(path) } == .tooOpen)
            #expect(try mode(path) == 0o750)
            let deep = try HomeFolder.create(temporary.path("x") + "/y/z")
            #expect(try mode(temporary.path("x") + "/y") == 0o700)
            let data = try deep.folder("data", creating: true)
            #expect(try mode(data.path) == 0o700)
            #expect(code { _ = try deep.folder("none", creating: false) } == .missing)
            #expect(code { _ = try HomeFolder.open(temporary.path("home") + "/a") } == .wrongKind)
            try FileManager.default.createSymbolicLink(atPath: deep.path("link"), withDestinationPath: "data")
            for creating in [true, false] {
                #expect(code { _ = try deep.folder("link", creating: creating) } == .symbolicLink)
            }
            let link = deep.path("link")
            #expect(try HomeFolder.open(link).path == link)
            #expect(code { _ = try HomeFolder.open(link, isLinkFollowed: false) } == .symbolicLink)
            #expect(code { _ = try HomeFolder.create(link, isLinkFollowed: false) } == .symbolicLink)
        }
    }

    @Test("renaming never lands on another file")
    func renaming() async throws {
        try await withTemporaryFolder { temporary in
            let folder = try HomeFolder.open(temporary.path)
            try folder.create("a", [1])
            try folder.create("b", [2])
            #expect(code { try folder.rename("a", to: "b") } == .exists)
            #expect(code { try folder.rename("none", to: "c") } == .missing)
            try folder.rename("a", to: "c")
            #expect(try names(temporary) == ["b", "c"])
            #expect(try folder.contents("c", limit: 1) == [1])
        }
    }

    @Test("a lock is held by one, names its holder to the others, and ends with its owner")
    func locks() async throws {
        try await withTemporaryFolder { temporary in
            let folder = try HomeFolder.open(temporary.path)
            var lock: FileLock? = try folder.lock("l", for: "the first", patience: .zero)
            do throws(FileError) {
                _ = try folder.lock("l", for: "the second", patience: .milliseconds(20))
                Issue.record("two hold the lock")
            } catch {
                #expect(error.code == .locked)
                #expect(error.message.contains("the first, process \(getpid())"))
            }
            withExtendedLifetime(lock) {}
            lock = nil
            _ = try folder.lock("l", for: "the second", patience: .zero)
            // Taking it writes into it.
            try folder.create("key", [1, 2, 3])
            try FileManager.default.linkItem(atPath: temporary.path("key"), toPath: temporary.path("m"))
            #expect(code { _ = try folder.lock("m", for: "the third", patience: .zero) } == .severalNames)
            #expect(try folder.contents("key", limit: 10) == [1, 2, 3])
        }
    }

}
