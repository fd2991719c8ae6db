/// A reader of bytes that others choose, and what must hold whatever they are.
///
/// The fuzzer feeds it what it makes up, and ordinary tests feed it the kept cases.
protocol FuzzTarget: Sendable {
    /// Its name, and that of the folder of its kept cases.
    static var name: String { get }

    /// Inputs from which the fuzzer starts; at least one of them is accepted.
    static func seeds(_ vectors: Vectors) throws -> [[UInt8]]

    /// Feeds the bytes; says whether they were accepted.
    ///
    /// - Throws: ``BrokenProperty`` where something that must hold doesn't.
    static func check(_ bytes: [UInt8]) throws -> Bool
}

/// Every target there is.
let fuzzTargets: [any FuzzTarget.Type] = [
    AddressRecords.self, CBORValues.self, ContextDefinitions.self, HTTPTargets.self, InvitationLines.self,
    JoinStatements.self, JSONLogicRules.self, JSONTexts.self, KeyFiles.self, LocalPackets.self, PeerReplies.self,
    PeerRequests.self, PeerTexts.self, PointerLists.self, Proofs.self, Publications.self, SignedDeltas.self,
    TrustJournals.self, ZAPRequests.self,
]

/// Something that must hold for all input and doesn't for this one.
struct BrokenProperty: Error, CustomStringConvertible {
    /// What must hold.
    let description: String
}

/// Throws where something that must hold doesn't.
func require(_ holds: Bool, _ property: String) throws {
    guard holds else { throw BrokenProperty(description: property) }
}
