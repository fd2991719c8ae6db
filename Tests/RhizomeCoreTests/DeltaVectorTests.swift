import Bytes
import RhizomeCore
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

@Suite struct DeltaVectorTests {
    struct DeltaCase: Decodable, Sendable {
        struct PointerCase: Decodable, Sendable {
            let localContext: String
            let target: TargetCase
            let targetContext: String?

            var pointer: Pointer? {
                switch (target, targetContext) {
                case (.value(.text(let id)), .some(let context)):
                    Pointer(Text(localContext), entity: id, targetContext: Text(context))
                case (.value(let value), .none): Pointer(Text(localContext), value)
                default: nil
                }
            }
        }

        enum TargetCase: Decodable, Sendable {
            case value(Value)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if container.decodeNil() {
                    self = .value(.null)
                } else if let bool = try? container.decode(Bool.self) {
                    self = .value(.bool(bool))
                } else if let integer = try? container.decode(Int64.self) {
                    self = .value(.integer(integer))
                } else if let text = try? container.decode(String.self) {
                    self = .value(.text(Text(text)))
                } else {
                    self = .value(.float(try container.decode(Double.self)))
                }
            }
        }

        let name: String
        let seed: String
        let sequence: Int64
        let previous: [String]
        let timeCreated: Int64
        let host: String?
        let pointers: [PointerCase]
        let wire: String
        let id: String
    }

    @Test("a delta's bytes and id are the ones of the vectors, made and read")
    func vectors() throws {
        let cases: [DeltaCase] = try TestFiles.cases("delta")
        #expect(cases.count == 6)
        var heads: [Head] = []
        for test in cases {
            let wire = try #require(Hex.decode(test.wire))
            let read = try SignedDelta(decoding: wire)
            #expect(read.id.description == test.id)
            #expect(read.header.sequence == test.sequence)
            #expect(read.header.previous.map(\.description) == test.previous)
            #expect(read.header.timeCreated == Timestamp(microseconds: test.timeCreated))
            let pointers = test.pointers.compactMap(\.pointer)
            #expect(read.body.pointers == pointers)
            #expect((read.body.host == nil) == (test.host == nil))
            #expect(throws: Never.self) { try VerifiedDelta.verify(read).get() }

            let signer = try TestAuthors.signer(seed: try #require(Hex.decode(test.seed)))
            let made = try SignedDelta(
                pointers: pointers,
                host: read.body.host,
                after: heads,
                timeCreated: Timestamp(microseconds: test.timeCreated),
                signer: signer
            )
            #expect(made.bytes == wire)
            heads = [Head(id: made.id, sequence: made.header.sequence, timeCreated: made.header.timeCreated)]
        }
    }

    struct DecisionCase: Decodable, Sendable {
        let name: String
        let decision: String
        let reason: String?
        let wire: String
    }

    @Test("each case alone is decided as the vectors say, by a node that trusts its author and holds nothing")
    func decisions() throws {
        let cases: [DecisionCase] = try TestFiles.cases("delta-decisions")
        #expect(cases.count == 72)
        for test in cases {
            let wire = try #require(Hex.decode(test.wire))
            let decision = Self.decide(wire, held: [:], now: 1_800_000_000_000_000)
            #expect(decision.name == test.decision, "\(test.name)")
            #expect(decision.reason == test.reason, "\(test.name)")
        }
    }

    struct ForkCase: Decodable, Sendable {
        struct Refused: Decodable, Sendable {
            let why: String
            let reason: String
            let wire: String
        }
        let author: String
        let log: [String]
        let ids: [String]
        let deferred: [Refused]
        let rejected: [Refused]
    }

    @Test("a log that forks and is merged is admitted, and what doesn't fit it isn't")
    func fork() throws {
        for test: ForkCase in try TestFiles.cases("fork") {
            var held: [DeltaID: DeltaLink] = [:]
            for (wire, id) in zip(test.log, test.ids) {
                let bytes = try #require(Hex.decode(wire))
                let delta = try SignedDelta(decoding: bytes)
                #expect(delta.id.description == id)
                #expect(Self.decide(bytes, held: held, now: 1_800_000_000_000_000) == .accept)
                held[delta.id] = DeltaLink(delta)
                #expect(Self.decide(bytes, held: held, now: 1_800_000_000_000_000) == .duplicate)
            }
            for refused in test.deferred + test.rejected {
                let bytes = try #require(Hex.decode(refused.wire))
                let decision = Self.decide(bytes, held: held, now: 1_800_000_000_000_000)
                #expect(decision.reason == refused.reason, "\(refused.why)")
            }
        }
    }

    /// Admission's rows one after the other, as far as they are pure.
    static func decide(_ bytes: [UInt8], held: [DeltaID: DeltaLink], now: Timestamp) -> Decision {
        do throws(DeltaRefusal) {
            let delta = try SignedDelta(decoding: bytes)
            guard delta.author.isAcceptable else { return .reject(.malformed) }
            guard held[delta.id] == nil else { return .duplicate }
            let verified = try VerifiedDelta.verify(delta).get()
            let arrival = Arrival(timeReceived: now, receivedFrom: nil, trustStatement: nil)
            switch Admission.fit(verified, held: held, arrival: arrival, now: now) {
            case .admitted: return .accept
            case .gap: return .defer(.gap)
            case .future: return .defer(.future)
            case .rejected(let refusal): return .reject(refusal.reason)
            }
        } catch {
            return .reject(error.reason)
        }
    }
}
