public import Bytes
public import SignedStatements
internal import Sodium

/// An entry of a log whose own bytes have been checked: what costs most of an audit, and can be done on every core.
public struct ExaminedEntry: Sendable {
    /// What a header that could be read says.
    public struct Link: Sendable {
        /// The delta's id, computed from what was signed.
        public let id: DeltaID
        /// Who signed it.
        public let author: PublicKey
        /// Its place in the author's log.
        public let sequence: Int64
        /// µs since 1970.
        public let timeCreated: Timestamp
        /// The author's deltas right before it.
        public let previous: [DeltaID]

        init(_ signed: SignedHeader) {
            id = signed.id
            author = signed.author
            sequence = signed.header.sequence
            timeCreated = signed.header.timeCreated
            previous = signed.header.previous
        }
    }

    /// Where it lies in the order of acceptance.
    public let position: Int64
    /// The id under which it is filed.
    public let filedID: DeltaID
    let arrival: Arrival
    /// Whether the running hash is that of this entry after the one before it.
    let isChained: Bool
    /// What the header says; none where it can't be read.
    public let link: Link?
    /// What is wrong with the entry by itself.
    public let findings: [AuditFinding]

    /// Decodes header and body, and checks id, signature, and the body's hash and size.
    ///
    /// - Parameters:
    ///   - entry: what lies in the log.
    ///   - hash: the running hash that lies there before it.
    ///   - see: told the body where it is the one that was signed; none of it is kept.
    /// - Complexity: one verification, 60 µs: on any core.
    public init(examining entry: LogEntry, after hash: Bytes32, _ see: (DeltaBody, Link) -> Void = { _, _ in }) {
        position = entry.position
        filedID = entry.id
        arrival = entry.arrival
        isChained = Self.isChained(entry, after: hash)
        let signed: SignedHeader
        let isValid: Bool
        do throws(DeltaRefusal) {
            (signed, isValid) = try SignedHeader.verifying(entry.header)
        } catch {
            link = nil
            findings = [Self.undecodable(entry, error)]
            return
        }
        let link = Link(signed)
        self.link = link
        var findings: [AuditFinding] = []
        func find(_ code: AuditFinding.Code, _ message: String) {
            findings.append(AuditFinding(code, position: entry.position, author: link.author, message))
        }
        if link.id != entry.id { find(.idMismatch, "\(link.id) is filed as \(entry.id)") }
        if !isValid { find(.signature, "the signature of \(link.id) isn't its author's") }
        if signed.header.bodyCount != Int64(entry.body.count) || SHA256.hash(entry.body) != signed.header.bodyHash {
            find(.bodyMismatch, "the body of \(link.id) isn't the one that was signed")
        } else {
            do throws(DeltaRefusal) {
                see(try signed.body(decoding: entry.body, headerCount: entry.header.count), link)
            } catch {
                find(.undecodable, "\(link.id): \(error)")
            }
        }
        self.findings = findings
    }

    /// Decodes the header alone, of an entry that was examined by an earlier audit.
    ///
    /// Neither its signature nor its body is looked at, and the body needn't be there.
    ///
    /// - Complexity: some µs.
    public init(known entry: LogEntry, after hash: Bytes32) {
        position = entry.position
        filedID = entry.id
        arrival = entry.arrival
        isChained = Self.isChained(entry, after: hash)
        do throws(DeltaRefusal) {
            let link = Link(try SignedHeader(decoding: entry.header))
            self.link = link
            guard link.id != entry.id else {
                findings = []
                return
            }
            let message = "\(link.id) is filed as \(entry.id)"
            findings = [AuditFinding(.idMismatch, position: entry.position, author: link.author, message)]
        } catch {
            link = nil
            findings = [Self.undecodable(entry, error)]
        }
    }

    private static func undecodable(_ entry: LogEntry, _ error: DeltaRefusal) -> AuditFinding {
        AuditFinding(.undecodable, position: entry.position, "the header: \(error)")
    }

    private static func isChained(_ entry: LogEntry, after hash: Bytes32) -> Bool {
        RunningHash.next(after: hash, position: entry.position, id: entry.id, arrival: entry.arrival)
            == entry.runningHash
    }
}
