package import Bytes
package import RhizomeCore
package import SignedStatements

/// Makes signed, verified, admitted deltas for tests, by authors that labels name, each a millisecond after the last.
package struct DeltaMaker {
    /// What was made, by id.
    package private(set) var made: [DeltaID: SignedDelta] = [:]
    private var signers: [String: KeySigner] = [:]
    private var time: Timestamp

    /// Starts to write at this time.
    package init(time: Timestamp = 1_735_689_600_000_000) { self.time = time }

    /// The key that a label names.
    package mutating func author(_ label: String) throws -> PublicKey { try signer(label).publicKey }

    private mutating func signer(_ label: String) throws -> KeySigner {
        if let signer = signers[label] { return signer }
        let signer = try TestAuthors.signer(label)
        signers[label] = signer
        return signer
    }

    /// A delta that follows these.
    package mutating func delta(
        _ label: String,
        _ pointers: [Pointer]? = nil,
        after previous: [AdmittedDelta] = [],
        arrival: Arrival? = nil
    ) throws -> AdmittedDelta {
        time += 1_000
        let delta = try SignedDelta(
            pointers: pointers ?? [Pointer("number", .integer(time.microseconds))],
            after: previous.map { DeltaLink($0.delta).head },
            timeCreated: time,
            signer: signer(label)
        )
        return try admit(delta, arrival: arrival)
    }

    /// So many deltas, each after the one before.
    package mutating func chain(
        _ label: String,
        _ count: Int,
        after previous: [AdmittedDelta] = []
    ) throws -> [AdmittedDelta] {
        var chain: [AdmittedDelta] = []
        for _ in 0..<count { chain.append(try delta(label, after: chain.last.map { [$0] } ?? previous)) }
        return chain
    }

    /// The header of a delta that fits nowhere, since it isn't later than the one before it.
    package mutating func misfit(_ label: String, after previous: AdmittedDelta) throws -> SignedHeader {
        time += 1_000
        return SignedHeader(
            try SignedDelta(
                pointers: [Pointer("number", .integer(time.microseconds))],
                after: [DeltaLink(previous.delta).head],
                timeCreated: previous.delta.header.timeCreated,
                signer: signer(label)
            )
        )
    }

    /// Verifies and admits a delta that follows ones made or admitted here before.
    package mutating func admit(_ delta: SignedDelta, arrival: Arrival? = nil) throws -> AdmittedDelta {
        let arrival =
            arrival ?? Arrival(timeReceived: delta.header.timeCreated + 7, receivedFrom: nil, trustStatement: nil)
        let admitted = try delta.admitted(after: made, arrival: arrival)
        made[delta.id] = delta
        return admitted
    }

    /// A log with forks and merges, an order in which it can be appended.
    package mutating func tangle(
        _ label: String,
        _ count: Int,
        using generator: inout SeededGenerator
    ) throws -> [AdmittedDelta] {
        var log: [AdmittedDelta] = []
        var heads: [AdmittedDelta] = []
        for _ in 0..<count {
            var previous: [AdmittedDelta]
            switch Int.random(in: 0..<20, using: &generator) {
            case 0: previous = []
            case 1, 2: previous = Array(log.shuffled(using: &generator).prefix(1))
            case 3, 4: previous = Array(log.shuffled(using: &generator).prefix(3))
            case 5, 6, 7: previous = Array(heads.shuffled(using: &generator).prefix(8))
            default: previous = heads.last.map { [$0] } ?? []
            }
            previous.sort { $0.delta.id < $1.delta.id }
            let padding = Text(String(repeating: "x", count: Int.random(in: 0..<200, using: &generator)))
            let delta = try delta(label, [Pointer("padding", .text(padding))], after: previous)
            log.append(delta)
            heads.removeAll { head in previous.contains { $0.delta.id == head.delta.id } }
            heads.append(delta)
        }
        return log
    }
}

extension SignedDelta {
    /// Verifies and admits a delta; `made` holds what it follows.
    package func admitted(after made: [DeltaID: SignedDelta], arrival: Arrival) throws -> AdmittedDelta {
        var held: [DeltaID: DeltaLink] = [:]
        for id in header.previous { held[id] = made[id].map { DeltaLink($0) } }
        let verified = try VerifiedDelta.verify(self).get()
        let now = max(arrival.timeReceived, header.timeCreated)
        switch Admission.fit(verified, held: held, arrival: arrival, now: now) {
        case .admitted(let admitted): return admitted
        case .gap(let missing): throw DeltaLogError(.notClosed, "\(missing.count) deltas before it aren't there")
        case .future: throw DeltaLogError(.notClosed, "a delta of the future")
        case .rejected(let refusal): throw refusal
        }
    }
}

/// What these reach: themselves and all before them.
package func reach(_ ids: [DeltaID], in made: [DeltaID: SignedDelta]) -> Set<DeltaID> {
    var found: Set<DeltaID> = []
    var waiting = ids
    while let id = waiting.popLast() {
        guard let delta = made[id], found.insert(id).inserted else { continue }
        waiting += delta.header.previous
    }
    return found
}
