import Testing

@testable import RhizomePeering

/// Pages that fit the link they come over.
@Suite struct PageSizeTests {
    @Test("pages grow to 1 MiB while they come over quickly, and shrink to 16 KiB where they don't")
    func adapts() {
        let size = PageSize()
        #expect(size.bytes == 64 << 10)
        for _ in 0..<10 { size.took(.milliseconds(100), bytes: size.bytes) }
        #expect(size.bytes == 1 << 20)
        size.took(.seconds(5), bytes: 1 << 20)
        #expect(size.bytes == 1 << 20, "what takes some seconds stays")
        size.took(.seconds(11), bytes: 1 << 20)
        #expect(size.bytes == 512 << 10)
        size.failed(bytes: 512 << 10)
        #expect(size.bytes == 128 << 10)
        // What was asked for when pages were larger tells nothing new.
        size.failed(bytes: 512 << 10)
        #expect(size.bytes == 128 << 10)
        for _ in 0..<10 { size.failed(bytes: size.bytes) }
        #expect(size.bytes == 16 << 10)
        size.took(.milliseconds(100), bytes: 16 << 10)
        #expect(size.bytes == 32 << 10)
        // Nor does a small page that is quick.
        size.took(.milliseconds(100), bytes: 1_000)
        #expect(size.bytes == 32 << 10)
    }
}
