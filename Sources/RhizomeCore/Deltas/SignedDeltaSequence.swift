internal import DeterministicCBOR

/// Signed deltas one after the other, as an export holds them: a CBOR sequence (RFC 8742), taken apart as its bytes come.
///
///     var sequence = SignedDeltaSequence()
///     while let bytes = try file.read() {
///         sequence.append(bytes)
///         while let delta = try sequence.next() { take(delta) }
///     }
///     try sequence.finish()
///
/// Holds what isn't taken yet, and looks at no more of an item than where it ends: whether it is a delta says
/// ``SignedDelta/init(decoding:)``.
public struct SignedDeltaSequence: Sendable {
    /// Where a sequence can't be taken apart any further; what came before it is whole.
    public struct Fault: Error, Hashable, CustomStringConvertible {
        /// What is wrong.
        public enum Code: Hashable, Sendable {
            /// The last item isn't whole: the file was cut.
            case cut
            /// What follows isn't of the form of a signed delta.
            case malformed
        }

        /// What is wrong.
        public let code: Code
        /// After how many bytes.
        public let offset: Int64

        /// One sentence.
        public var description: String {
            switch code {
            case .cut: "the file was cut after \(offset) bytes: the last delta in it isn't whole"
            case .malformed: "after \(offset) bytes there is no signed delta"
            }
        }
    }

    /// What was taken is let go of once it is so much.
    private static let spentBytes = 1 << 20

    private var bytes: [UInt8] = []
    /// Where the next item begins in `bytes`.
    private var start = 0
    /// How many bytes were taken: where the next item begins in the sequence.
    public private(set) var offset: Int64 = 0

    /// A sequence of which nothing has come.
    public init() {}

    /// Takes in what follows.
    public mutating func append(_ more: [UInt8]) {
        if start > Self.spentBytes {
            bytes.removeFirst(start)
            start = 0
        }
        bytes += more
    }

    /// The next item; `nil` where more bytes are needed to tell where it ends.
    ///
    /// - Complexity: O(1) but for the header; nothing is decoded.
    public mutating func next() throws(Fault) -> [UInt8]? {
        guard start < bytes.count else { return nil }
        var reader = CBORReader(bytes, in: start..<bytes.count)
        do throws(CBORError) {
            guard try reader.array() == 2 else { throw .unexpected(at: start) }
            _ = try reader.tag()
            try reader.skip()
            _ = try reader.byteStringRange()
        } catch {
            guard error.code == .truncated, bytes.count - start <= DeltaLimits.signedBytes else {
                throw Fault(code: .malformed, offset: offset)
            }
            return nil
        }
        let item = Array(bytes[start..<reader.offset])
        start = reader.offset
        offset += Int64(item.count)
        return item
    }

    /// Says whether all that came was whole.
    ///
    /// - Throws: `cut`.
    public func finish() throws(Fault) {
        guard start == bytes.count else { throw Fault(code: .cut, offset: offset) }
    }
}
