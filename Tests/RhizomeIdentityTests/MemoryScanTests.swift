import Foundation
import HomeFiles
import RhizomeIdentity
import RhizomeTesting
import Sodium
import Testing

/// What is looked for in memory, kept in a disguise in which it doesn't find itself.
private struct Disguised {
    private static let mask: UInt8 = 0xa5
    private let bytes: [UInt8]

    init(_ secret: SecretBytes) { bytes = (0..<secret.count).map { secret[$0] ^ Self.mask } }

    func isFound(in buffer: UnsafeRawBufferPointer) -> Bool {
        let first = bytes[0] ^ Self.mask
        var start = 0
        while start + bytes.count <= buffer.count {
            guard let base = unsafe buffer.baseAddress?.advanced(by: start),
                let hit = unsafe memchr(base, Int32(first), buffer.count - bytes.count - start + 1)
            else { return false }
            let offset = unsafe start + base.distance(to: UnsafeRawPointer(hit))
            var length = 1
            while length < bytes.count, unsafe buffer[offset + length] ^ Self.mask == bytes[length] { length += 1 }
            if length == bytes.count { return true }
            start = offset + 1
        }
        return false
    }
}

/// This process's own memory, area by area.
private struct OwnMemory {
    struct Area {
        let range: Range<UInt>
        let isLocked: Bool
        let name: String
    }

    /// Areas that can be read and may have been written to, as /proc/self/smaps tells them.
    static func areas() throws -> [Area] {
        var areas: [Area] = []
        var header: [Substring] = []
        // The file's size is unknown to the system, so it is read to its end.
        let handle = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/smaps"))
        let text = String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
        for line in text.split(separator: "\n") {
            if line.hasPrefix("VmFlags:") {
                let bounds = header[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
                let isFile = header[4] != "0"
                if header[1].hasPrefix("r"), !isFile || header[1].contains("w"), bounds.count == 2 {
                    let isLocked = line.split(separator: " ").contains("lo")
                    let name = header.count > 5 ? String(header[5]) : ""
                    if !name.hasPrefix("[v") {
                        areas.append(Area(range: bounds[0]..<bounds[1], isLocked: isLocked, name: name))
                    }
                }
            } else if let first = line.split(separator: " ").first, first.contains("-") {
                header = line.split(separator: " ", omittingEmptySubsequences: true)
            }
        }
        return areas
    }

    /// The areas in which the secret stands.
    static func places(of secret: Disguised) throws -> [Area] {
        let memory = unsafe open("/proc/self/mem", O_RDONLY | O_CLOEXEC)
        try #require(memory >= 0)
        defer { close(memory) }
        // Mapped, so that it is an area of its own, which is left out: it holds copies of what was read.
        let size = 1 << 20
        guard let buffer = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) else {
            throw FileError(.system, "mmap", "no memory for the scan")
        }
        defer { unsafe munmap(buffer, size) }
        var found: [Area] = []
        let own = UInt(bitPattern: buffer)
        for area in try areas() {
            var start = area.range.lowerBound
            while start < area.range.upperBound {
                let count = min(size, Int(area.range.upperBound - start))
                let overlapsOwn = start < own + UInt(size) && own < start + UInt(count)
                let got = overlapsOwn ? 0 : unsafe pread(memory, buffer, count, off_t(start))
                if got > 0 {
                    if unsafe secret.isFound(in: UnsafeRawBufferPointer(start: buffer, count: got)) {
                        found.append(area)
                    }
                    unsafe memset(buffer, 0, size)
                }
                // Overlapping by a secret's length, so that none is cut in two.
                start += count == size ? UInt(size - 64) : UInt(count)
            }
        }
        return found
    }
}

@Suite(.serialized) struct MemoryScanTests {
    /// Makes, stores, loads and uses an identity, and tells where its secrets stand meanwhile.
    @inline(never)
    private func useIdentity(in folder: TemporaryFolder, passphrase: String?) throws -> [Disguised] {
        let secret = try passphrase.map { try SecretBytes(joining: [.open(Array($0.utf8))]) }
        let home = try Home.open(folder.path)
        try home.store(Identity.generate(), passphrase: secret, cost: .init(operations: 1, memoryBytes: 8192))
        let identity = try home.identity { secret }
        _ = identity.sign([1, 2, 3], for: TrustStatement.purpose)
        let transport = try identity.transportSecret()
        let disguised = [Disguised(identity.seed), Disguised(transport)]
        for secret in disguised {
            let places = try OwnMemory.places(of: secret)
            #expect(!places.isEmpty, "the scan finds what is there")
            for place in places { #expect(place.isLocked, "found in \(place.name) at \(place.range)") }
        }
        withExtendedLifetime((identity, transport)) {}
        return disguised
    }

    @Test("a seed is found in locked memory alone, and nowhere once released", arguments: [nil, "a passphrase"])
    func seeds(passphrase: String?) async throws {
        try await withTemporaryFolder { folder in
            for secret in try useIdentity(in: folder, passphrase: passphrase) {
                let places = try OwnMemory.places(of: secret)
                #expect(places.isEmpty, "found in \(places.map(\.name))")
            }
        }
    }

    @Test("the scan finds a secret that lies in plain memory")
    func control() throws {
        let secret = try SecretBytes.random(count: 32)
        let copy = secret.revealing(0..<32)
        let places = try OwnMemory.places(of: Disguised(secret))
        #expect(places.contains { !$0.isLocked })
        withExtendedLifetime(copy) {}
    }
}
