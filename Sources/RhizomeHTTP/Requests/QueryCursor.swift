internal import Bytes
internal import RhizomeCore
internal import Sodium

/// Where a page of a query's rows ended, and of which state they are (spec: query.md, "One state").
struct QueryCursor: Equatable {
    /// What a later page of the same rows relies on.
    struct Basis: Equatable {
        /// The log's epoch.
        let epoch: [UInt8]
        /// The trusted-peer list's last statement.
        let trust: [UInt8]
        /// The delta that defines the context, where there is one.
        let context: [UInt8]
        /// The delta that defines the query, where it is asked by name.
        let definition: [UInt8]
        /// What is asked, and through whose eyes.
        let question: [UInt8]

        /// - Parameter question: all of it that says which rows there are.
        init(epoch: [UInt8], trust: Bytes32?, context: DeltaID?, definition: DeltaID?, question: [UInt8]) {
            self.epoch = QueryCursor.part(epoch)
            self.trust = QueryCursor.part(trust?.array ?? [])
            self.context = QueryCursor.part(context?.bytes.array ?? [])
            self.definition = QueryCursor.part(definition?.bytes.array ?? [])
            self.question = QueryCursor.part(SHA256.hash(question).array)
        }

        fileprivate init(_ parts: [[UInt8]]) {
            epoch = parts[0]
            trust = parts[1]
            context = parts[2]
            definition = parts[3]
            question = parts[4]
        }

        fileprivate var parts: [[UInt8]] { [epoch, trust, context, definition, question] }

        /// What has changed since; `nil` where nothing has.
        func change(since earlier: Basis) -> String? {
            if earlier.epoch != epoch { return "epoch" }
            if earlier.trust != trust { return "trust" }
            if earlier.context != context { return "context" }
            return earlier.definition == definition ? nil : "query"
        }
    }

    /// Bytes of each part: enough to tell apart what one node comes across.
    private static let partBytes = 8
    private static let kind = UInt8(ascii: "q")

    let basis: Basis
    /// The last position that counts.
    let position: Int64
    /// The authors whose forks keep them out.
    let forks: [UInt8]
    /// Rows before the page.
    let row: Int
    /// The key of the last of them.
    let last: [UInt8]

    /// The place after some rows.
    ///
    /// - Parameters:
    ///   - forked: the keys of the authors whose forks keep them out, ascending.
    ///   - key: of the last of these rows.
    init(_ basis: Basis, at position: Int64, forked: [UInt8], after row: Int, key: [UInt8]) {
        self.basis = basis
        self.position = position
        forks = Self.part(forked.isEmpty ? [] : SHA256.hash(forked).array)
        self.row = row
        last = Self.part(SHA256.hash(key).array)
    }

    /// Reads the text form.
    ///
    /// - Throws: 400 where it is none.
    init(_ text: Text) throws(APIError) {
        guard let bytes = Base64.urlUnpadded.decode(text.string), bytes.count == 1 + 9 * Self.partBytes,
            bytes[0] == Self.kind
        else { throw Self.invalid }
        let parts = (0..<9).map { Array(bytes[(1 + $0 * Self.partBytes)...].prefix(Self.partBytes)) }
        guard let position = Self.number(parts[5]), let row = Self.number(parts[7]) else { throw Self.invalid }
        basis = Basis(Array(parts[..<5]))
        self.position = position
        forks = parts[6]
        self.row = Int(row)
        last = parts[8]
    }

    /// The text form.
    var text: String {
        let parts = basis.parts + [Self.bytes(position), forks, Self.bytes(Int64(row)), last]
        return Base64.urlUnpadded.encode([Self.kind] + parts.joined())
    }

    /// What names the rows of which this is a page.
    var key: [UInt8] { Array((basis.parts + [Self.bytes(position)]).joined()) }

    private static func part(_ bytes: [UInt8]) -> [UInt8] {
        bytes.prefix(partBytes) + [UInt8](repeating: 0, count: max(0, partBytes - bytes.count))
    }

    private static func bytes(_ number: Int64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func number(_ bytes: [UInt8]) -> Int64? {
        Int64(exactly: bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    /// What is said of a cursor that isn't of this query.
    static var invalid: APIError {
        .badInput("after is next of an earlier page of the same query", field: "after")
    }
}
