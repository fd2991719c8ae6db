package import Bytes
package import RhizomeCore
internal import RhizomeTesting
internal import SignedStatements
internal import Sodium

/// Signed deltas for tests, right and wrong ones.
package enum Deltas {
    package static let start: Timestamp = 1_735_689_600_000_000

    /// A delta that follows these; a millisecond after the last of them unless a time is given.
    package static func make(
        _ label: String = "alice",
        _ number: Int64 = 1,
        after previous: [SignedDelta] = [],
        at time: Timestamp? = nil
    ) throws -> SignedDelta {
        let latest = previous.map(\.header.timeCreated).max() ?? start - 3_600_000_000
        return try SignedDelta(
            pointers: [Pointer("n", .integer(number))],
            after: previous.map { DeltaLink($0).head },
            timeCreated: time ?? latest + 1_000,
            signer: try TestAuthors.signer(label)
        )
    }

    /// So many, each after the one before.
    package static func chain(_ count: Int, by label: String = "alice", after previous: [SignedDelta] = []) throws
        -> [SignedDelta]
    {
        var chain: [SignedDelta] = []
        for number in 0..<count {
            chain.append(try make(label, Int64(number), after: chain.last.map { [$0] } ?? previous))
        }
        return chain
    }

    /// A delta of 1,024 pointers, the most that there may be, in as few bytes as that takes.
    ///
    /// - Parameter isAboutEntities: whether each points to an entity of its own; else each gives a value.
    package static func wide(
        _ label: String,
        _ number: Int = 0,
        after previous: [SignedDelta] = [],
        isAboutEntities: Bool = true
    ) throws -> SignedDelta {
        let first = number * DeltaLimits.pointers
        let pointers = (first..<first + DeltaLimits.pointers).map { number in
            isAboutEntities
                ? Pointer("a", entity: Text(String(number, radix: 36)), targetContext: "b") : Pointer("a", .integer(0))
        }
        return try SignedDelta(
            pointers: pointers,
            after: previous.map { DeltaLink($0).head },
            timeCreated: previous.map(\.header.timeCreated).max().map { $0 + 1_000 } ?? start - 3_600_000_000,
            signer: try TestAuthors.signer(label)
        )
    }

    /// So many wide deltas, each after the one before.
    package static func wideChain(_ count: Int, by label: String = "alice") throws -> [SignedDelta] {
        var chain: [SignedDelta] = []
        for number in 0..<count { chain.append(try wide(label, number, after: Array(chain.suffix(1)))) }
        return chain
    }

    /// A delta with a header of one's own making, rightly signed.
    package static func forged(
        _ label: String = "alice",
        sequence: Int64,
        previous: [DeltaID],
        at time: Timestamp = start - 1_800_000_000,
        body: [UInt8]? = nil
    ) throws -> [UInt8] {
        let right = try make(label, 9)
        let header = DeltaHeader(
            sequence: sequence,
            previous: previous.sorted(),
            timeCreated: time,
            bodyHash: right.header.bodyHash,
            bodyCount: right.header.bodyCount
        )
        let statement = try TestAuthors.signer(label).sign(header.payload, for: SignedDelta.purpose)
        return SignedDelta.encoded(header: statement.encoded, body: body ?? right.bodyBytes)
    }

    /// A body of the same size as that of `forged`, and another one than any of these have.
    package static var otherBody: [UInt8] { get throws { try make("other", 10).bodyBytes } }
}

extension SignedDelta {
    /// The same delta with another, wrong signature: the id stays the same.
    package var resigned: [UInt8] {
        var changed = bytes
        changed[bytes.count - bodyBytes.count - 10] ^= 1
        return changed
    }

    /// The same delta with one of four billion wrong signatures.
    package func resigned(_ number: UInt32) -> [UInt8] {
        var changed = bytes
        for place in 0..<4 {
            changed[bytes.count - bodyBytes.count - 20 + place] = UInt8(
                truncatingIfNeeded: number >> (8 * UInt32(place))
            )
        }
        return changed
    }

    /// The same header with another body.
    package func withBody(_ body: [UInt8]) -> [UInt8] { SignedDelta.encoded(header: headerBytes, body: body) }
}
