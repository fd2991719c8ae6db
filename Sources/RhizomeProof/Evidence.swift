internal import Bytes
internal import DeterministicCBOR
internal import Foundation
internal import Locks
internal import RhizomeCore
internal import RhizomeViews
internal import SignedStatements
internal import StrictJSON

/// A proof's deltas and headers as parts of their authors' logs.
struct Evidence {
    /// Deltas that one task verifies before it lets others have its thread.
    private static let turn = 64

    private let proof: Proof
    private let headers: [DeltaID: SignedHeader]
    private let held: Set<DeltaID>

    // MARK: - Signatures and bodies

    /// Verifies all signatures, on all cores.
    ///
    /// - Throws: `signature`, or `form` for an author's key that can't be an identity.
    /// - Returns: `body` where a body isn't the one that was signed.
    static func checkSignatures(of proof: Proof) async throws(ProofError) -> ProofError? {
        var authors: Set<PublicKey> = []
        for key in proof.deltas.lazy.map(\.author) where authors.insert(key).inserted { try check(key) }
        for key in proof.headers.lazy.map(\.author) where authors.insert(key).inserted { try check(key) }
        let errors = await firstErrors(in: proof)
        if let error = errors.signature { throw error }
        return errors.body
    }

    private static func check(_ key: PublicKey) throws(ProofError) {
        guard key.isAcceptable else { throw ProofError(.signature, "an author's key can't be an identity") }
    }

    private struct Errors: Sendable {
        var signature: ProofError?
        var body: ProofError?

        mutating func add(_ error: ProofError) {
            if error.code == .body { body = body ?? error } else { signature = signature ?? error }
        }
    }

    private static func firstErrors(in proof: Proof) async -> Errors {
        let count = proof.deltas.count + proof.headers.count
        let width = ProcessInfo.processInfo.activeProcessorCount
        return await withTaskGroup(of: Errors.self) { group in
            for first in 0..<width {
                group.addTask {
                    var errors = Errors()
                    for (number, index) in stride(from: first, to: count, by: width).enumerated() {
                        if number % turn == turn - 1 { await Task.yield() }
                        if let error = error(at: index, in: proof) { errors.add(error) }
                    }
                    return errors
                }
            }
            return await group.reduce(into: Errors()) { all, errors in
                if let error = errors.signature { all.add(error) }
                if let error = errors.body { all.add(error) }
            }
        }
    }

    private static func error(at index: Int, in proof: Proof) -> ProofError? {
        if index < proof.deltas.count {
            let delta = proof.deltas[index]
            guard case .failure(let refusal) = VerifiedDelta.verify(delta) else { return nil }
            return ProofError(in: "delta \(delta.id)", refusal)
        }
        let header = proof.headers[index - proof.deltas.count]
        guard !header.statement.isValid else { return nil }
        return ProofError(.signature, "header \(header.id): the signature isn't the author's over this header")
    }

    // MARK: - Links

    /// Follows the links from the stated heads.
    ///
    /// - Throws: `links`.
    init(_ proof: Proof) throws(ProofError) {
        self.proof = proof
        var headers = Dictionary(uniqueKeysWithValues: proof.headers.lazy.map { ($0.id, $0) })
        for delta in proof.deltas { headers[delta.id] = SignedHeader(delta) }
        self.headers = headers
        held = Set(proof.deltas.map(\.id))
        for header in headers.values { try Self.checkPlace(of: header, among: headers) }
        var linked: Set<DeltaID> = []
        for heads in proof.claim.heads {
            for id in heads.ids {
                guard let head = headers[id] else {
                    throw ProofError(.links, "head \(id) isn't among the evidence")
                }
                guard head.author == heads.author else {
                    throw ProofError(.links, "head \(id) is another author's")
                }
            }
            linked.formUnion(Self.reached(from: heads.ids, among: headers))
        }
        for delta in proof.deltas where !linked.contains(delta.id) {
            throw ProofError(.links, "delta \(delta.id) isn't linked to a stated head of its author")
        }
    }

    /// Holds a header against those before it, as admission does (spec: admission.md).
    private static func checkPlace(
        of header: SignedHeader,
        among headers: [DeltaID: SignedHeader]
    ) throws(ProofError) {
        var last: Int64?
        var isWhole = true
        for id in header.header.previous {
            guard let before = headers[id] else {
                isWhole = false
                continue
            }
            guard before.author == header.author else {
                throw ProofError(.links, "\(header.id) follows a delta by another author")
            }
            guard before.header.timeCreated < header.header.timeCreated,
                before.header.sequence < header.header.sequence
            else { throw ProofError(.links, "\(header.id) isn't later than what it follows") }
            last = max(last ?? 0, before.header.sequence)
        }
        if isWhole, let last, header.header.sequence != last + 1 {
            throw ProofError(.links, "\(header.id) doesn't come right after what it follows")
        }
    }

    /// All ids that are named by some deltas and by those that they follow, those with them, as far as is known.
    private static func reached(from ids: [DeltaID], among headers: [DeltaID: SignedHeader]) -> Set<DeltaID> {
        var reached = Set(ids)
        var waiting = ids
        while let id = waiting.popLast() {
            for before in headers[id]?.header.previous ?? [] where reached.insert(before).inserted {
                waiting.append(before)
            }
        }
        return reached
    }

    // MARK: - Completeness

    /// Makes sure that every delta at or below the stated heads is there, whole.
    ///
    /// - Throws: `incomplete`.
    func checkCompleteness() throws(ProofError) {
        for heads in proof.claim.heads {
            for id in Self.reached(from: heads.ids, among: headers) where !held.contains(id) {
                throw ProofError(.incomplete, "delta \(id), at or below a stated head, isn't among the evidence")
            }
        }
    }

    // MARK: - Values

    /// Computes the values again.
    ///
    /// - Throws: `value`; `form` for a rule that is none, `unprovable` for one that looks at petnames.
    func checkValues() throws(ProofError) {
        let claim = proof.claim
        let petnames = PetnameUse()
        let perspective = try perspective(noting: petnames)
        let assertions: [Text: [Assertion]]
        do {
            assertions = try VisibleDeltas(among: proof.deltas.map { ViewedDelta($0) }, seenAs: perspective)
                .filtered(by: perspective.filters)
                .assertions(about: claim.entity)
        } catch {
            throw ProofError(.value, "the claim's filter can't be computed: \(error)")
        }
        guard !petnames.isAny.withLock({ $0 }) else { throw .petnames }
        for property in claim.properties {
            guard let resolver = StandardResolver(rawValue: property.resolver.string) else {
                throw ProofError(.value, "there is no resolver \(property.resolver)")
            }
            let value = resolver.resolver(ranking: perspective.ranking).resolve(assertions[property.name] ?? [])
            guard let value, value.cbor.encoded == property.value else {
                throw ProofError(.value, "computed from the evidence, \(property.name) has another value")
            }
        }
    }

    private func perspective(noting petnames: PetnameUse) throws(ProofError) -> Perspective {
        let claimed = proof.claim.perspective
        var filters: [DeltaFilter] = []
        for rule in claimed.filters {
            do {
                filters.append(
                    DeltaFilter(try JSONLogicRule(JSONValue(parsing: Array(rule.utf8)))) { _ in
                        petnames.isAny.withLock { $0 = true }
                        return nil
                    }
                )
            } catch {
                throw ProofError(.form, "a filter of the claim is no rule: \(error)")
            }
        }
        var kept: [PublicKey: Set<DeltaID>] = [:]
        for part in claimed.kept { kept[part.author] = Self.reached(from: part.ids, among: headers) }
        let trusted = claimed.trusted.map { Set($0) }
        return Perspective(
            asOf: claimed.asOf,
            moderators: Set(claimed.moderators),
            authors: claimed.authors.map { Set($0) },
            without: Set(claimed.without),
            filters: filters,
            ranking: claimed.authors ?? [],
            isExcluded: { [kept] delta in
                if let kept = kept[delta.author], !kept.contains(delta.id) { return true }
                return trusted?.contains(delta.author) == false
            }
        )
    }
}

/// Whether a filter asked for a petname.
private final class PetnameUse: Sendable {
    let isAny = Lock(false)
}

extension ProofError {
    /// Petnames are one person's own.
    static let petnames = ProofError(
        .unprovable,
        "a filter reads creatorName, a petname that only its owner knows: use creator, the author's did"
    )
}
