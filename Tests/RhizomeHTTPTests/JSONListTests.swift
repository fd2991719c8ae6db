import HTTPTypes
import HummingbirdCore
import Locks
import NIOCore
import StrictJSON
import Testing

@testable import RhizomeHTTP

@Suite struct JSONListTests {
    private struct Broken: Error {}

    private final class Written: Sendable {
        let parts = Lock<[Int]>([])
        let isFinished = Lock(false)
    }

    private struct Writer: ResponseBodyWriter {
        let written: Written
        mutating func write(_ buffer: ByteBuffer) async throws {
            written.parts.withLock { $0.append(buffer.readableBytes) }
        }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws { written.isFinished.withLock { $0 = true } }
    }

    @Test("A list is handed over in small parts while it is being read")
    func parts() async throws {
        let list = JSONList {
            var pages = 0
            return {
                pages += 1
                return pages > 100 ? [] : [.string(String(repeating: "x", count: 10_000))]
            }
        }
        let written = Written()
        try await list.response().body.write(Writer(written: written))
        let parts = written.parts.withLock { $0 }
        let total = parts.reduce(0, +)
        #expect(total == 1_000_302)
        #expect(parts.allSatisfy { $0 < JSONList.partBytes + 10_004 })
        #expect(written.isFinished.withLock { $0 })
    }

    @Test("A list that can't be read to its end is never ended")
    func broken() async throws {
        let list = JSONList {
            var pages = 0
            return {
                pages += 1
                if pages > 2 { throw Broken() }
                return [1]
            }
        }
        let written = Written()
        await #expect(throws: Broken.self) { try await list.response().body.write(Writer(written: written)) }
        #expect(!written.isFinished.withLock { $0 })
    }
}
